"""Files that Python's csv module writes, or reads, or both: the same cells."""
import csv
import io

from harness import LONG, Reader, Tap, seeded

reader = Reader()
tap = Tap()
random = seeded(4711)
count = 20000 if LONG else 3000
alphabet = ['a', 'b', '7', ' ', '"', ',', ';', '\t', '|', '\n', '\r', '\r\n', '#', "'", '\\', 'ä', '日', '.', '@', '=']


def text(characters, longest=8):
    return ''.join(random.choice(characters) for _ in range(random.choice([0, 1, 2, 3, longest])))


def written(**options):
    """A file that Python writes is read back as what went in."""
    def one():
        delimiter = random.choice(',;\t|')
        width = random.randint(1, 6)
        rows = [[text(alphabet) for _ in range(width)] for _ in range(random.randint(1, 6))]
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator=random.choice(['\n', '\r\n', '\r']), **options).writerows(rows)
        source = out.getvalue().encode()
        wanted = [[cell.encode() for cell in row] for row in rows]
        flags = 'b' if options.get('escapechar') else 'k'
        return (source, delimiter), reader.cells(source, delimiter, flags), wanted
    return one


def understood(pieces, **options):
    """A file is read as Python reads it, without its lines of nothing but blanks."""
    def one():
        delimiter = random.choice(',;|')
        source = ''.join(random.choice(pieces) for _ in range(random.randint(1, 20))).replace('<d>', delimiter)
        rows = list(csv.reader(io.StringIO(source, newline=''), delimiter=delimiter, **options))
        wanted = [[cell.encode() for cell in row] for row in rows if row and (len(row) > 1 or row[0].strip(' '))]
        return (source, delimiter), reader.cells(source.encode(), delimiter, 'k'), wanted
    return one


tap.each('files with every cell quoted', written(quoting=csv.QUOTE_ALL), count)
tap.each('files with texts quoted', written(quoting=csv.QUOTE_NONNUMERIC), count)
tap.each('files with quotes behind backslashes',
         written(quoting=csv.QUOTE_ALL, doublequote=False, escapechar='\\'), count)
tap.each('files whose quotes are where they belong, and quotes within plain cells',
         understood(['a', 'bc', 'd"e', '<d>', '<d>', '\n', '\r\n', '\r', ' x', 'y ', '"q"<d>', '"q""r"\n', '"s<d>t\nu"<d>']), count)
tap.finish()
