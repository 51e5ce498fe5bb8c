"""Answers with Python's own re: reads a JSON list of [pattern, flags, text, template], writes for each null where re refuses the pattern, or
{"search": spans, "match": spans, "all": [spans, ...], "sub": text or null}. Spans are [from, to] of each group, or null."""
import json
import re
import sys
import warnings

warnings.simplefilter('ignore')
letters = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL}


def spans(match):
    if match is None:
        return None
    return [list(match.span(group)) if match.span(group) != (-1, -1) else None for group in range(match.re.groups + 1)]


def answer(pattern, flags, text, template):
    try:
        compiled = re.compile(pattern, sum(letters[flag] for flag in flags))
    except Exception:
        return None
    try:
        replaced = compiled.sub(template, text)
    except Exception:
        replaced = None
    every = [spans(match) for match in compiled.finditer(text)]
    return {'search': spans(compiled.search(text)), 'match': spans(compiled.match(text)), 'all': every, 'sub': replaced}


json.dump([answer(*question) for question in json.load(sys.stdin)], sys.stdout)
