"""Files that are no CSV are recognised, and no CSV is taken for one."""
import gzip
import io
import zipfile

from harness import Tap
from judge import Judge

judge = Judge()
tap = Tap()


def archive(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


CASES = [
    ('an Excel workbook', archive(('[Content_Types].xml', '<x/>'), ('xl/workbook.xml', '<x/>')), 'xlsx'),
    ('a large one, known by its list of names', archive(('docProps/x.jpeg', bytes(range(256)) * 1000), ('xl/workbook.xml', '<x/>')), 'xlsx'),
    ('an OpenDocument sheet', archive(('mimetype', 'application/vnd.oasis.opendocument.spreadsheet'), ('content.xml', '')), 'ods'),
    ('a Numbers document', archive(('Index/Document.iwa', 'x'),), 'numbers'),
    ('a zip file of a CSV', archive(('users.csv', 'a,b\n')), 'zip'),
    ('an empty zip file', archive(), 'zip'),
    ('a workbook of an old Excel', b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(512), 'xls'),
    ('gzip', gzip.compress(b'a,b\n'), 'gzip'),
    ('zstd', b'\x28\xb5\x2f\xfd' + b'x' * 20, 'compressed'),
    ('7z', b'7z\xbc\xaf\x27\x1c\0\4', 'compressed'),
    ('PDF', b'%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'pdf'),
    ('RTF', b'{\\rtf1\\ansi', 'rtf'),
    ('a page that asks to sign in', b'\r\n <!DOCTYPE html><html><head>', 'html'),
    ('a table of HTML named .xls', b'<table><tr><td>a</td></tr></table>', 'html'),
    ('the XML of an Excel of 2003', b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', 'xml'),
    ('a JSON object', b'{ "identities": []}', 'json'),
    ('a JSON array', b'[\n  {"email": "a@b.c"}]', 'json'),
    ('PNG', b'\x89PNG\r\n\x1a\n' + bytes(20), 'image'),
    ('JPEG', b'\xff\xd8\xff\xe0\0\x10JFIF', 'image'),
    ('WebP', b'RIFF\x10\0\0\0WEBPVP8 ', 'image'),
    ('a program', b'\x7fELF\2\1\1\0', 'binary'),
    ('SQLite', b'SQLite format 3\0', 'binary'),
    ('bytes at random', bytes((i * 7919 + i * i * 31) % 256 for i in range(4000)), 'binary'),
    ('nothing', b'', 'text'),
    ('CSV', b'email,first_name\na@b.c,A\n', 'text'),
    ('a header that begins as a zip file', b'PK,name\n1,x\n', 'text'),
    ('a cell of brackets', b'[a],{b}\n', 'text'),
    ('a cell of HTML behind a header', b'html\n<html>\n', 'text'),
    ('one NUL', b'a,b\n1,\0\n', 'text'),
    ('Cyrillic in UTF-16', 'имя;фамилия\nИван;Петров\n'.encode('utf-16-le') * 20, 'text'),
    ('Cyrillic in UTF-16, the other end', 'имя;фамилия\nИван;Петров\n'.encode('utf-16-be') * 20, 'text'),
    ('escapes of Japanese e-mail', '佐藤,鈴木\n'.encode('iso2022_jp') * 20, 'text'),
]
for sentence, data, kind in CASES:
    tap.same(judge.detect(data)['kind'], kind, sentence)

tap.finish()
