"""Random files, malformed ones above all: the reader gives what the model gives, to the last count."""
from harness import LONG, Reader, Tap, seeded
import model

reader = Reader()
tap = Tap()
random = seeded(20260420)
count = 80000 if LONG else 12000


def generate(pieces, longest):
    def one():
        delimiter = random.choice(',,;\t|')
        flags = random.choice(['', '', 'b', 'k', 'bk'])
        source = b''.join(random.choice(pieces) for _ in range(random.randint(0, longest)))
        source = source.replace(b'<d>', delimiter.encode())
        got = reader.read(source, delimiter, flags)
        return (source, delimiter, flags), got, model.read(source, delimiter, flags)
    return one


tap.each('files of quotes, delimiters and line ends',
         generate([b'"', b'"', b'"', b'<d>', b'<d>', b'\n', b'a', b' '], 14), count)
tap.each('files with line ends of every kind, tabs, comments, backslashes and NUL bytes',
         generate([b'"', b'"', b'""', b'<d>', b'\n', b'\r', b'\r\n', b'a', b' ', b'\t', b'#', b'\\', b'\\"', b'\0', b'\xc3\xa4',
                   b'\x1a'], 20), count)
tap.each('files that begin in a special way',
         generate([b'\xef\xbb\xbf', b'sep=;', b'sep=<d>', b'SEP=\t', b'#', b'#<d>', b'\n', b'\r\n', b' ', b'x', b'"', b'<d>', b'\x1a'], 7),
         count)
tap.each('files of whole cells',
         generate([b'one<d>', b'"two"<d>', b'"three, ""3"""<d>', b'"fo\nur"<d>', b'five\n', b'"six"\r\n', b' "seven" <d>',
                   b'"eight" 8<d>', b'"ni\nne" 9<d>', b'te"n<d>', b'<d>', b'\n', b'"'], 25), count)
tap.finish()
