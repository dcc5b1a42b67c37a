"""Sample captures that a program writes frame by frame, for what real programs would take hours to show."""
