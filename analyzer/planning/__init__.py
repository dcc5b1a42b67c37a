"""Rates and budgets become a plan: what is used, by whom and for what, and what else fits."""

from __future__ import annotations

from analyzer.planning.capacity import Plan, PlanError, Request, parse, plan, planned
from analyzer.planning.usage import Usage

__all__ = ["Plan", "PlanError", "Request", "Usage", "parse", "plan", "planned"]
