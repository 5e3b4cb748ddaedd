"""Which delimiter is found, and how sure the sniffer is."""
import csv
import io

from harness import LONG, Reader, Tap, seeded

reader = Reader()
tap = Tap()
random = seeded(77)

# sentence, file, delimiter, method, columns
FILES = [
    ('commas', b'email,first_name,last_name\na@x.io,Ada,Lovelace\n', 'comma', 'width', 3),
    ('semicolons', b'email;name\na@x.io;Ada\n', 'semicolon', 'width', 2),
    ('tabs', b'email\tname\na@x.io\tAda\n', 'tab', 'width', 2),
    ('pipes', b'email|name\na@x.io|Ada\n', 'pipe', 'width', 2),
    ('a header alone', b'email;name;phone', 'semicolon', 'width', 3),
    ('decimal commas', b'id;a;b\n1;1,5;2,25\n2;3,5;4,75\n', 'semicolon', 'width', 3),
    ('names with commas', b'name;email\nLovelace, Ada;a@x.io\nHopper, Grace;g@x.io\n', 'semicolon', 'width', 2),
    ('names with commas, in the header too', b'last, first;email\nLovelace, Ada;a@x.io\nHopper, Grace;g@x.io\n', 'semicolon', 'width', 2),
    ('names with commas, without blanks', b'Last,First;Email;Phone\nL,A;a@x.io;1\nH,G;g@x.io;2\n', 'semicolon', 'width', 3),
    ('more commas than semicolons', b'id;tags\n1;a,b,c,d,e,f\n2;a,b\n3;a,b,c\n4;\n', 'semicolon', 'width', 2),
    ('semicolons in commas', b'id,roles\n1,admin;user;owner\n2,user;guest\n3,admin\n', 'comma', 'width', 2),
    ('commas within quotes', b'id;name\n1;"a,b,c"\n2;"d,e,f"\n', 'semicolon', 'width', 2),
    ('everything quoted', b'"id","a;b;c"\n"1","x;y;z"\n', 'comma', 'width', 2),
    ('quoted first cells full of commas', b'"A,1,1";B;"C";D\n"x,y,z";1;2;3\n', 'semicolon', 'width', 4),
    ('quoted line breaks full of other delimiters', b'id;doc\r\n1;"{\n ""a"": 1,\n ""b"": 2\n}"\r\n2;"{\n ""a"": 3,\n ""b"": 4\n}"\r\n', 'semicolon', 'width', 2),
    ('pipes mixed with commas', b'one|two,two|three\nfour|five,five|six', 'pipe', 'width', 3),
    ('commas, pipes in one row', b'a,b,c\na,b,c|d|e|f', 'comma', 'width', 3),
    ('commas with blanks', b'id, name, email\n1, Ada, a@x.io\n2, Grace, g@x.io\n', 'comma', 'width', 3),
    ('ragged rows', b'a,b,c\n1,2\n1,2,3\n1\n1,2,3,4\n1,2,3\n', 'comma', 'width', 3),
    ('a delimiter at the end of every row but the header', b'a;b\n1;2;\n3;4;\n5;6;\n', 'semicolon', 'width', 2),
    ('empty rows of a spreadsheet', b'a;b;c\n1;2;3\n;;\n;;\n', 'semicolon', 'width', 3),
    ('comments full of other delimiters', b'# a, b, c, d\n# e, f, g, h\nid;name\n1;x\n', 'semicolon', 'width', 2),
    ('a title above the header', b'Export of 20.04.2026\n\nid;name;mail\n1;a;b\n2;c;d\n3;e;f\n', 'semicolon', 'width', 3),
    ('rows in ruins below a good header', b'id;name\n1;"a"b;c\n2\n3;"d"e;f\n4\n5;"g"h;i;j\n6\n', 'semicolon', 'width', 3),
    ('one column', b'email\na@x.io\nb@x.io\n', 'comma', 'single_column', 1),
    ('one column and one row', b'email', 'comma', 'single_column', 1),
    ('one column with commas', b'name\nLovelace, Ada\nHopper, Grace\n', 'semicolon', 'single_column', 1),
    ('one column of prose', b'comment\nyes, and no; or\nwell\nhm, hm, hm\n', 'pipe', 'single_column', 1),
    ('one column with a delimiter at the end', b'email\na@x.io;\nb@x.io;\n', 'comma', 'single_column', 1),
    ('sep= wins', b'sep=;\na,b,c\n1,2,3\n', 'semicolon', 'sep_line', 1),
    ('sep= may name what we do not look for', b'sep=^\na^b\n1^2\n', 'other', 'sep_line', 2),
    ('a byte order mark', b'\xef\xbb\xbfsep=|\na|b\n', 'pipe', 'sep_line', 2),
    ('nothing', b'', 'comma', 'nothing', 0),
    ('nothing but comments', b'# a;b\n\n', 'comma', 'nothing', 0),
]

# sentence, file, whether quotes are escaped with backslashes
BACKSLASHES = [
    ('doubled quotes', b'a,b\n"x ""y"" z",1\n', False),
    ('backslashed quotes', b'a,b\n"x \\"y\\" z",1\n', True),
    ('backslashed quotes around a delimiter', b'a,b\n"x \\"y, z\\" w",1\n"v",2\n', True),
    ('folders that end in a backslash', b'a,b\n"C:\\temp\\",1\n"D:\\","E:\\"\n', False),
    ('backslashes before doubled quotes', b'a,b\n"x \\""y\\"" z",1\n', False),
    ('both, most of them folders', b'a,b\n"C:\\",1\n"D:\\",1\n"x\\"y",1\n', False),
]

for sentence, source, delimiter, method, columns in FILES:
    answer = reader.ask('sniff', source)
    tap.same([answer['delimiter'], answer['method'], answer['columns']], [delimiter, method, columns], sentence)
for sentence, source, backslash in BACKSLASHES:
    tap.same(reader.ask('sniff', source)['backslash'], backslash, sentence)


def confidence(source):
    return reader.ask('sniff', source)['confidence']


tap.same(confidence(b'a;b\n1;2\n'), 100, 'a table without fault is certain')
tap.same(confidence(b'sep=;\na,b\n'), 100, 'so is what sep= says')
tap.ok(confidence(b'a,b;c,d\n1,2;3,4\n') < 50, 'a file that reads as well in two ways is not')
tap.ok(50 < confidence(b'a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3\n') < 90, 'ragged rows cost confidence')
answer = reader.ask('sniff', b'last, first;email\nL, A;a@x.io\n')
tap.ok(answer['runner_up'] == ord(',') and 0 < answer['runner_up_confidence'] < answer['confidence'],
       'the runner-up is named', answer)
tap.same(reader.ask('sniff', b'email\na\n')['runner_up'], 0, 'without one there is none')


def table():
    """A table of people as systems export them, in any delimiter that its cells also hold."""
    delimiter = random.choice(',;\t')
    columns = random.randint(2, 12)
    kinds = [random.choice([
        lambda: f'{random.choice(["ada", "grace", "alan"])}{random.randint(1, 99)}@example.com',
        lambda: random.choice(['Lovelace, Ada', 'Hopper', 'Turing; Alan', "O'Neil", 'Müller-Lüdenscheidt']),
        lambda: str(random.randint(1, 99999)),
        lambda: f'{random.randint(1, 999)},{random.randint(10, 99)}',
        lambda: random.choice(['', '', 'x', 'yes', 'no']),
        lambda: random.choice(['2026-04-20', '20.04.2026', '04/20/2026 10:30']),
        lambda: random.choice(['a;b;c', 'a, b', 'said "so"', 'two\nlines', 'a|b']),
    ]) for _ in range(columns)]
    rows = [[f'column {i}' for i in range(columns)]]
    rows += [[kind() for kind in kinds] for _ in range(random.randint(1, 40))]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerows(rows)
    source = out.getvalue().encode()
    answer = reader.ask('sniff', source)
    return source, (answer['byte'], answer['columns'], answer['backslash']), (ord(delimiter), columns, False)


tap.each('tables that Python writes', table, 5000 if LONG else 1000)
tap.finish()
