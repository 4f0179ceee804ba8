"""The main line of an SGF file, as a new game of SearchService; points go row by row from the top left, and a pass is size²."""
import pathlib
import re

VALUE = r"\[((?:\\.|[^]\\])*)\]"


def read_game(path, moves=None):
    """The fields of `NewGame`: the board and what was set up on it, and the first `moves` moves, or all of them."""
    properties = _main_line(pathlib.Path(path).read_text())
    root = dict(reversed(properties))
    sides = re.findall(r"\d+", root.get("SZ", ["19"])[0]) or ["19"]
    if len(set(sides)) > 1 or not properties:
        raise ValueError(f"the board is {'×'.join(sides)}, which is not square" if properties else "there is no game in it")
    size = int(sides[0])
    black, white = [[_point(text, size) for text in root.get(name, [])] for name in ("AB", "AW")]
    first = root.get("PL", ["W" if black else "B"])[0]
    played = [(name, texts[0]) for name, texts in properties if name in ("B", "W")][:moves]
    return {
        "size": size,
        "rules": {"ko": "KO_RULE_POSITIONAL", "komi": _komi(root.get("KM", ["7.5"])[0])},
        "black": black,
        "white": white,
        "to_move": _color(first),
        "moves": [{"player": _color(name), "point": _point(text, size)} for name, text in played],
    }


def vertex(point, size):
    """A point as people write it, such as D4."""
    if point == size * size:
        return "pass"
    return "ABCDEFGHJKLMNOPQRST"[point % size] + str(size - point // size)


def _main_line(text):
    """The properties of the first variation with their values: all that stands before the first parenthesis that closes."""
    properties = []
    for name, values, _, end in re.findall(rf"([A-Z]+)((?:\s*{VALUE})+)|(\))", text):
        if end:
            break
        properties.append((name, re.findall(VALUE, values)))
    return properties


def _point(text, size):
    if text in ("", "tt"):
        return size * size
    if not re.fullmatch(f"[a-{chr(96 + size)}]{{2}}", text):
        raise ValueError(f"'{text}' is not on a board of size {size}")
    return (ord(text[1]) - ord("a")) * size + ord(text[0]) - ord("a")


def _komi(text):
    found = re.match(r"-?\d+(?:[.,]\d+)?", text.strip())
    return float(found.group().replace(",", ".")) if found else 7.5


def _color(letter):
    return "COLOR_WHITE" if letter == "W" else "COLOR_BLACK"
