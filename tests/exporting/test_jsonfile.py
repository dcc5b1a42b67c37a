import json

from analyzer.exporting import jsonfile
from tests.builders.plant import result


def test_the_file_holds_the_structure(tmp_path):
    """result.json is the structure of the result, nothing more or less."""
    jsonfile.write(result(), tmp_path)
    assert result().to_dict() == json.loads((tmp_path / "result.json").read_text())


def test_the_text_may_be_shown_as_it_is():
    """Escape sequences and bidirectional overrides from a capture stand there as JSON escapes."""
    made = result(notes=("\x1b[2J\u202e\x7f\x9b",))
    text = jsonfile.text(made)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["notes"] == ["\x1b[2J\u202e\x7f\x9b"]
