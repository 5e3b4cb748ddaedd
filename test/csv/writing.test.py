"""What the writer writes: RFC 4180, nothing that a spreadsheet evaluates, and nothing lost."""
import csv
import io
import re

from harness import LONG, Reader, Tap, seeded

reader = Reader()
tap = Tap()
random = seeded(31337)
count = 40000 if LONG else 10000

# sentence, record, line; the delimiter is a comma
RECORDS = [
    ('plain cells have no quotes', [b'1', b'Ada', 'Müller'.encode(), b'a b', b"O'Neil"], '1,Ada,Müller,a b,O\'Neil'.encode()),
    ('an empty cell is empty', [b'1', b'', b''], b'1,,'),
    ('a record of one empty cell is no blank line', [b''], b'""'),
    ('delimiters, also those of others, quotes and line breaks are quoted', [b'a,b', b'a;b', b'a\tb', b'a|b', b'a"b', b'a\nb', b'a\rb'],
     b'"a,b","a;b","a\tb","a|b","a""b","a\nb","a\rb"'),
    ('blanks at an end are quoted', [b' a', b'a ', b'\xc2\xa0'], b'" a","a ",\xc2\xa0'),
    ('what would be a comment is quoted', [b'#1', b'#2'], b'"#1",#2'),
    ('what would be a line sep= is quoted', [b'sep=;', b'sep=;'], b'"sep=;","sep=;"'),
    ('what would be a byte order mark is quoted', [b'\xef\xbb\xbfa'], b'"\xef\xbb\xbfa"'),
    ('formulas are defused', [b'=1+1', b'+49 171', b'-5', b'@SUM(A1)'], b'"\'=1+1","\'+49 171","\'-5","\'@SUM(A1)"'),
    ('so are full-width ones', ['＝1'.encode(), '＋1'.encode(), '－1'.encode(), '＠A'.encode()],
     '"\'＝1","\'＋1","\'－1","\'＠A"'.encode()),
    ('so are those behind blanks and marks', [b'  =1', '\u00a0=1'.encode(), '\u3000-1'.encode(), '\ufeff=1'.encode()],
     '"\'  =1","\'\u00a0=1","\'\u3000-1","\'\ufeff=1"'.encode()),
    ('so are those behind a tab or a line break', [b'\t=1', b'\r=1', b'\n=1', b'\tx'], b'"\'\t\'=1","\'\r\'=1","\'\n\'=1","\'\tx"'),
    ('so are those where another program begins a cell', [b'a;=1', b'a,-b', b'a|"@b', b'a\n\n +1'],
     b'"a;\'=1","a,\'-b","a|\'""@b","a\n\n\' +1"'),
    ('an apostrophe before such a cell gets another', [b"'=1", b"''=1", b"'+"], b'"\'\'=1","\'\'\'=1","\'\'+"'),
    ('any other is left alone', [b"'", b"'a'", b"a'=1", b"' '=", b"a-b", b'a@b.c', b'1+1', b'a=b'], b"','a',a'=1,' '=,a-b,a@b.c,1+1,a=b"),
]

# cell as it stands in a file, cell as it was meant
UNDEFUSED = [
    (b"'=1", b'=1'), (b"''=1", b"'=1"), (b"'+49 171", b'+49 171'), (b"a;'=1", b'a;=1'),
    (b'="00123"', b'00123'), (b'=""', b''), (b'="a"&"b"', b'="a"&"b"'), (b'=1', b'=1'), (b"'a", b"'a"), (b"'", b"'"), (b'', b''),
]

for sentence, record, line in RECORDS:
    tap.same(reader.write([record]), line + b'\r\n', sentence)
for cell, meant in UNDEFUSED:
    tap.same(reader.undefuse(cell), meant, f'{cell!r} is taken as {meant!r}')
tap.same(reader.write([[b'a;b', b'c,d', b'-']], ';'), b'"a;b";"c,d";"\'-"\r\n', 'the delimiter may be another')

PIECES = [b'a', b'7', b' ', b'"', b"'", b"'", b'=', b'=', b'+', b'-', b'@', b',', b';', b'\t', b'|', b'\n', b'\r', b'\r\n', b'#', b'\\',
          b'\0', b'\v', b'\x1a', b'sep=', '＝'.encode(), '＋'.encode(), '－'.encode(), '＠'.encode(), '\u00a0'.encode(),
          '\u3000'.encode(), '\u200b'.encode(), '\u202f'.encode(), '\u2060'.encode(), '\ufeff'.encode(), b'\x1f', b'\xef\xbc',
          b'\xe2\x80', b'\xff']


def cell(pieces=PIECES):
    return b''.join(random.choice(pieces) for _ in range(random.choice([0, 1, 1, 2, 3, 5, 9])))


def table(pieces=PIECES):
    return [[cell(pieces) for _ in range(random.randint(1, 5))] for _ in range(random.randint(1, 4))]


def defused():
    x = cell()
    return x, reader.undefuse(reader.defuse(x)), x


def read_back():
    records, delimiter = table(), random.choice(',;\t|')
    answer = reader.read(reader.write(records, delimiter), delimiter)
    return (records, delimiter), \
        ([[reader.undefuse(x) for x in record['cells']] for record in answer['records']], answer['comments'] + answer['blanks'],
         {record['problem'] for record in answer['records']} - {'ok', 'nul_byte'}), (records, 0, set())


def read_by_python():
    pieces = [piece for piece in PIECES if piece == b'\x1f' or piece.decode(errors='ignore') and piece != b'\0']
    records, delimiter = table(pieces), random.choice(',;\t|')
    text = reader.write(records, delimiter).decode()
    rows = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter, strict=True)
    return (records, delimiter), [[reader.undefuse(x.encode()) for x in row] for row in rows], records


FORMULA = re.compile('^[\\s"\x00-\x1f\u200b\u2060\ufeff]*[=+@＝＋－＠-]')


def harmless():
    """No cell is a formula, whichever delimiter a program takes and whether or not it knows quotes."""
    records, delimiter = table([piece for piece in PIECES if piece != b'\0']), random.choice(',;\t|')
    text = reader.write(records, delimiter).decode(errors='replace')
    cells = []
    for other in [',', ';', '\t', '|', ',;\t', ',;\t|']:
        cells += re.split(f'[{re.escape(other)}\r\n]', text)
        if len(other) == 1:
            cells += [x for row in csv.reader(io.StringIO(text, newline=''), delimiter=other) for x in row]
    return (records, delimiter, text), [x for x in cells if FORMULA.match(x)], []


tap.each('what was defused comes back', defused, count * 3)
tap.each('what was written is read', read_back, count)
tap.each('what was written is read by Python', read_by_python, count)
tap.each('no formula by any way of splitting', harmless, count // 2)
tap.finish()
