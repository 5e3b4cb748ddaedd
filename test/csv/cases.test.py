"""The reader's contract as tables: what is written, and what it reads as."""
from harness import Reader, Tap

reader = Reader()
tap = Tap()

# sentence, file, records; the delimiter is a comma
CELLS = [
    ('nothing has no record', b'', []),
    ('a line without an end is a record', b'id,name', [[b'id', b'name']]),
    ('LF ends a record', b'1,x\n2,y\n', [[b'1', b'x'], [b'2', b'y']]),
    ('CRLF ends a record', b'1,x\r\n2,y\r\n', [[b'1', b'x'], [b'2', b'y']]),
    ('CR ends a record', b'1,x\r2,y\r', [[b'1', b'x'], [b'2', b'y']]),
    ('line ends may differ within a file', b'1,x\r2,y\n3,z\r\n4', [[b'1', b'x'], [b'2', b'y'], [b'3', b'z'], [b'4']]),
    ('a delimiter alone is two empty cells', b',', [[b'', b'']]),
    ('a delimiter at the end of a line makes an empty cell', b'1,\n,2\n', [[b'1', b''], [b'', b'2']]),
    ('records need not be as wide as each other', b'1\n1,2,3\n,,,\n', [[b'1'], [b'1', b'2', b'3'], [b'', b'', b'', b'']]),
    ('quotes around a cell are not part of it', b'"1","x"\n', [[b'1', b'x']]),
    ('an empty quoted cell is empty', b'"",1\n""', [[b'', b'1'], [b'']]),
    ('a quoted cell may hold delimiters', b'"Lovelace, Ada",1', [[b'Lovelace, Ada', b'1']]),
    ('a quoted cell may hold line breaks of every kind', b'"a\nb\rc\r\nd",1\n2', [[b'a\nb\rc\r\nd', b'1'], [b'2']]),
    ('a quoted cell keeps its own blanks', b'" a ",1', [[b' a ', b'1']]),
    ('a doubled quote is one', b'"say ""hi""",1', [[b'say "hi"', b'1']]),
    ('doubled quotes may be all of a cell', b'"""","""""",1', [[b'"', b'""', b'1']]),
    ('doubled quotes beside a delimiter', b'""",""",",""",""","', [[b'","', b',"', b'",']]),
    ('several doubled quotes in a row', b'"nonce="""",nc=""""",2', [[b'nonce="",nc=""', b'2']]),
    ('JSON in a cell', b'1,"{""type"": ""Point"", ""at"": [1.5,-2]}"', [[b'1', b'{"type": "Point", "at": [1.5,-2]}']]),
    ('blanks around a quoted cell are dropped', b' "a" ,\t"b, c"\t\n1, "d" \r\n', [[b'a', b'b, c'], [b'1', b'd']]),
    ('blanks of a plain cell are kept', b' a , b\t\n', [[b' a ', b' b\t']]),
    ('quotes within a plain cell are text', b'5" disk,a "b" c,d"\n', [[b'5" disk', b'a "b" c', b'd"']]),
    ('a single quote is text', b"'a,b',O'Neil\n", [[b"'a", b"b'", b"O'Neil"]]),
    ('a backslash is text', b'a\\,"C:\\","\\"\n\\\n', [[b'a\\', b'C:\\', b'\\'], [b'\\']]),
    ('bytes that are not ASCII are text', 'ä,"日本",\u00a0\n'.encode() + b'\xff\xfe', [['ä'.encode(), '日本'.encode(), '\u00a0'.encode()], [b'\xff\xfe']]),
    ('a UTF-8 byte order mark is skipped', b'\xef\xbb\xbfid,x\n1,2', [[b'id', b'x'], [b'1', b'2']]),
    ('a quote behind a byte order mark is a quote', b'\xef\xbb\xbf"id",x', [[b'id', b'x']]),
    ('a byte order mark is text elsewhere', b'a\n\xef\xbb\xbfb', [[b'a'], [b'\xef\xbb\xbfb']]),
    ('half a byte order mark is text', b'\xef\xbb', [[b'\xef\xbb']]),
    ('a line sep= is skipped', b'sep=;\r\na,b', [[b'a', b'b']]),
    ('a line sep= may follow a byte order mark, in capitals', b'\xef\xbb\xbfSEP=,\na,b', [[b'a', b'b']]),
    ('a line sep= alone is no record', b'sep=\t', []),
    ('a line sep= without a delimiter is a record', b'sep=\na', [[b'sep='], [b'a']]),
    ('a line sep= that goes on is a record', b'sep=;x\n', [[b'sep=;x']]),
    ('a line sep= is a record when it is not the first', b'a\nsep=;\n', [[b'a'], [b'sep=;']]),
    ('a quoted sep= is a record', b'"sep=;"\n', [[b'sep=;']]),
    ('blank lines are no records', b'\n\r\n\ra\n\n  \n\t\nb\n \t', [[b'a'], [b'b']]),
    ('a quoted empty line is a record', b'a\n""\n', [[b'a'], [b'']]),
    ('comment lines are no records', b'# one\n#two, "three\na\n#\nb\n# end', [[b'a'], [b'b']]),
    ('nothing but comments has no record', b'#a\r\n#b\r\n', []),
    ('a comment begins where a record would', b'a,#b\n #c\n"#d"\n"e\n#f"\n', [[b'a', b'#b'], [b' #c'], [b'#d'], [b'e\n#f']]),
    ('a header may begin with a column called #', b'#,name\n1,x\n', [[b'#', b'name'], [b'1', b'x']]),
    ('a comment is one although it begins like that', b'#, x\n#,,,\n#,\na\n#,b\n', [[b'a']]),
    ('the end-of-file mark of DOS is dropped', b'a\r\n\x1a', [[b'a']]),
    ('the same byte is text elsewhere', b'a\x1a', [[b'a\x1a']]),
    ('a NUL byte is kept', b'a\0b,"\0"\n', [[b'a\0b', b'\0']]),
    ('text behind a closing quote is appended', b'"a"b,"c" d ,"e"f"g"\n1\n', [[b'ab', b'c d ', b'ef"g"'], [b'1']]),
    ('a quote without an end is text, and spoils its line only', b'a,"b,c\nd,e\n', [[b'a', b'"b', b'c'], [b'd', b'e']]),
    ('a quote that would end in another cell is text', b'1,"x,y\n2,"z",w\n', [[b'1', b'"x', b'y'], [b'2', b'z', b'w']]),
    ('a quoted cell in a line with such a quote is read', b'"a, b", "c,d\ne', [[b'a, b', b' "c', b'd'], [b'e']]),
    ('a file of one quote', b'"', [[b'"']]),
    ('a file of three quotes', b'"""', [[b'"""']]),
]

# sentence, file, delimiter, flags, records
DIALECTS = [
    ('semicolons', b'a;"b;c";1,5', ';', '', [[b'a', b'b;c', b'1,5']]),
    ('tabs', b'a\t"b\tc"\t\n \t "d" \n', '\t', '', [[b'a', b'b\tc', b''], [b' ', b'd']]),
    ('a line of tabs is empty cells', b'\t\t\n', '\t', '', [[b'', b'', b'']]),
    ('pipes', b'a|"b|c"|d,e\n', '|', '', [[b'a', b'b|c', b'd,e']]),
    ('a line sep= is skipped whatever it says', b'sep=;\na,b;c', ',', '', [[b'a', b'b;c']]),
    ('backslashed quotes', b'"say \\"hi\\"","\\\\","\\n","""",\\"\n', ',', 'b', [[b'say "hi"', b'\\', b'\\n', b'"', b'\\"']]),
    ('a backslash before the closing quote', b'"a\\",b"\n', ',', 'b', [[b'a",b']]),
    ('kept comments', b'#a\nb\n', ',', 'k', [[b'#a'], [b'b']]),
]

# sentence, file, for each record: line, cells, filled cells, problem, its cell and its line
PLACES = [
    ('a record has the line where it begins', b'a\n"b\nc\r\nd\re",f\ng',
     [(1, 1, 1, 'ok', 0, 0), (2, 2, 2, 'ok', 0, 0), (6, 1, 1, 'ok', 0, 0)]),
    ('lines that are no records count', b'sep=,\n#\n\n\ra\n',
     [(5, 1, 1, 'ok', 0, 0)]),
    ('cells are counted up to the last that is filled', b'a,b,c\n1,2,,,\n,,x, ,"",\t\n,,\n"  "\n',
     [(1, 3, 3, 'ok', 0, 0), (2, 5, 2, 'ok', 0, 0), (3, 6, 3, 'ok', 0, 0), (4, 3, 0, 'ok', 0, 0), (5, 1, 0, 'ok', 0, 0)]),
    ('text behind a closing quote', b'a\nb,"c"d,"e"f\n',
     [(1, 1, 1, 'ok', 0, 0), (2, 3, 3, 'text_after_quote', 1, 2)]),
    ('a quote without an end is reported with its own line', b'"a\nb","c\nd',
     [(1, 2, 2, 'unterminated_quote', 1, 2), (3, 1, 1, 'ok', 0, 0)]),
    ('a NUL byte is reported with its own line', b'"a\r\n\0",b\n\0',
     [(1, 2, 2, 'nul_byte', 0, 2), (3, 1, 1, 'nul_byte', 0, 3)]),
    ('the first problem of a record counts', b'\0,"a"b\n"a"\0\n',
     [(1, 2, 2, 'nul_byte', 0, 1), (2, 1, 1, 'text_after_quote', 0, 2)]),
    ('more cells than are kept', b'a' + b',' * 1024 + b'\n' + b',' * 1023,
     [(1, 1025, 1, 'too_many_cells', 1024, 1), (2, 1024, 0, 'ok', 0, 0)]),
]

for sentence, source, wanted in CELLS:
    tap.same(reader.cells(source), wanted, sentence)
for sentence, source, delimiter, flags, wanted in DIALECTS:
    tap.same(reader.cells(source, delimiter, flags), wanted, sentence)
for sentence, source, wanted in PLACES:
    got = [tuple(record[key] for key in ('line', 'count', 'filled', 'problem', 'problem_cell', 'problem_line'))
           for record in reader.read(source)['records']]
    tap.same(got, wanted, sentence)

source = b'\xef\xbb\xbf# c\r\na,"b\r\nc" \r\n\r\nd'
answer = reader.read(source)
tap.same([source[record['offset']:record['offset'] + record['len']] for record in answer['records']],
         [b'a,"b\r\nc" ', b'd'], 'a record has its place in the file, without the end of its line')
tap.same([answer[key] for key in ('count', 'comments', 'blanks')], [2, 1, 1], 'records, comments and blank lines are counted')
tap.same([record['quoted'] for record in reader.read(b'a,"b", "c" ,"d"e,"f\n')['records']],
         [[False, True, True, True, False]], 'a cell says whether it is quoted')

large = b'x' * 10_000_000
tap.ok(reader.cells(b'a,"' + large + b'""",b\n') == [[b'a', large + b'"', b'b']], 'a cell may be 10 MB')
tap.ok(reader.cells(large + b'\n1') == [[large], [b'1']], 'so may a line')
tap.finish()
