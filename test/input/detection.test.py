"""Which encoding a file is in: by marks, by NULs, by UTF-8, by the letters of names in many languages."""
from harness import Tap
from judge import CODECS, Judge, as_csv, as_windows_has_it, lists_of_names

judge = Judge()
tap = Tap()

GERMAN = as_csv(['Jürgen Müller', 'Käthe Groß', 'Anna Schmidt'])


def reads_right(text, codec):
    """The wrong answer, or None: decoded as what was found, it must be the same text."""
    data = text.encode(codec)
    found = judge.detect(data)
    try:
        if data.decode(CODECS[found['encoding']]) == text:
            return None
    except (KeyError, UnicodeDecodeError):
        pass
    return f"{codec}: {found['encoding']}, {found['confidence']}"


# Unicode is never guessed wrong, whatever the language
for language, codecs, names in lists_of_names():
    text = as_csv(names)
    found = [(judge.detect(text.encode(codec))[key]) for codec, key in (
        ('utf-8', 'encoding'), ('utf-8', 'method'), ('utf-8-sig', 'encoding'), ('utf-8-sig', 'method'))]
    tap.same(found, ['UTF8', 'utf8', 'UTF8', 'bom'], f'{language} in UTF-8')
    found = []
    for codec, mark in (('utf-16-le', b'\xff\xfe'), ('utf-16-be', b'\xfe\xff')):
        for before in (b'', mark):
            answer = judge.detect(before + text.encode(codec))
            found.append(f"{answer['encoding']} {answer['method']} {answer['kind']}")
    tap.same(found, ['UTF16LE utf16 text', 'UTF16LE bom text', 'UTF16BE utf16 text', 'UTF16BE bom text'], f'{language} in UTF-16')

# the other encodings, by the letters of the names
wrong = []
total = 0
for language, codecs, names in lists_of_names():
    for codec in codecs:
        total += 1
        text = as_csv(names)
        problem = reads_right(as_windows_has_it(text) if codec == 'cp1258' else text, codec)
        if problem is not None:
            wrong.append(f'{language}, {problem}')
        if codec == 'cp1252' and language.startswith('German'):
            tap.same(judge.detect(text.encode(codec))['encoding'], 'WIN1252', f'{language} in Windows-1252 is called so')
tap.ok(total >= 60 and len(wrong) * 20 <= total, f'of {total} files in old encodings at least 95 in 100 are read right', '\n'.join(wrong))

# what the answer says
found = judge.detect(GERMAN.encode('cp1252'))
tap.same(found['samples'], [name.encode('cp1252') for name in ('Jürgen', 'Müller', 'Käthe', 'Groß')], 'the samples are the cells that are not ASCII')
tap.same((found['method'], found['readable'], found['confidence'] >= 70), ('detected', True, True), 'a few names are enough to be sure')
many = ''.join(f'"Zoë {i}", x \r\n' for i in range(20)) + 'ü' * 300
tap.same(judge.detect(many.encode('cp1252'))['samples'], [f'Zoë {i}'.encode('cp1252') for i in range(8)], 'samples are eight, without quotes, blanks and cells too long')
tap.same(judge.detect(('ü,' * 50).encode('cp1252'))['samples'], ['ü'.encode('cp1252')], 'samples are distinct')

# sentence, file, encoding, method
CASES = [
    ('an empty file is UTF-8', b'', 'UTF8', 'default'),
    ('ASCII is UTF-8', b'a,b\n1,2\n', 'UTF8', 'default'),
    ('a mark alone is one', b'\xef\xbb\xbf', 'UTF8', 'bom'),
    ('a mark counts although a byte is wrong', b'\xef\xbb\xbfM\xfcller', 'UTF8', 'bom'),
    ('a UTF-32 mark is not that of UTF-16', b'\xff\xfe\0\0' + 'a'.encode('utf-32-le'), 'UTF-32LE', 'bom'),
    ('the other end of UTF-32', b'\0\0\xfe\xff' + 'a'.encode('utf-32-be'), 'UTF-32BE', 'bom'),
    ('UTF-32 without a mark', GERMAN.encode('utf-32-le'), 'UTF-32LE', 'utf16'),
    ('UTF-32 without a mark, the other end', GERMAN.encode('utf-32-be'), 'UTF-32BE', 'utf16'),
    ('a mark of GB 18030', b'\x84\x31\x95\x33' + '王'.encode('gb18030'), 'GB18030', 'bom'),
    ('UTF-16 with blanks of East Asia', 'a,\u3000\u3000b,王\u3000伟\n'.encode('utf-16-le') * 3, 'UTF16LE', 'utf16'),
    ('UTF-16 that lost its last byte', GERMAN.encode('utf-16-le')[:-1], 'UTF16LE', 'utf16'),
    ('one NUL does not make UTF-16', b'a,b\n1,\0\n' + b'x,y\n' * 40, 'UTF8', 'default'),
    ('a byte that UTF-8 does not have, among many that it has', (GERMAN * 20).encode() + b'M\xfcller\r\n', 'UTF8', 'detected'),
    ('UTF-8 that was cut within a character', ('Müller,' * 20 + 'ü').encode()[:-1], 'UTF8', 'detected'),
    ('bytes that ISO 8859-1 has for controls are Windows', 'Müller – “Jürgen”'.encode('cp1252'), 'WIN1252', 'detected'),
    ('ISO 8859-1 is called Windows-1252, which contains it', GERMAN.encode('latin1'), 'WIN1252', 'detected'),
    ('escapes of Japanese e-mail', 'name\n佐藤,鈴木,高橋\n'.encode('iso2022_jp') * 4, 'ISO-2022-JP', 'detected'),
    ('capitals', as_csv(['JÜRGEN MÜLLER', 'KÄTHE SCHRÖDER', 'JÖRG BÖHM']).encode('cp1252'), 'WIN1252', 'detected'),
    ('surrogates out of order are no overlong UTF-8', b'a\xed\xa0\x80', 'WIN1252', 'detected'),
]
for sentence, data, encoding, method in CASES:
    found = judge.detect(data)
    if sentence.startswith('surrogates'):
        tap.ok(found['encoding'] != 'UTF8', sentence, found)
    else:
        tap.same((found['encoding'], found['method']), (encoding, method), sentence)

for data in (GERMAN.encode('mac_roman'), 'Jürgen Müller\nKäthe Schröder\n'.encode('cp850'), GERMAN.encode('utf-32')):
    found = judge.detect(data)
    tap.same(found['readable'], False, f"{found['encoding']} is named, and said to be unreadable")

# names that people give
for names, encoding in (
        ('cp1252 Windows-1252 windows1252 WIN1252 ANSI', 'WIN1252'), ('utf-8 UTF8 utf_8 utf-8-sig', 'UTF8'),
        ('utf-16 ucs-2', 'UTF16'), ('UTF-16LE utf16le', 'UTF16LE'), ('utf-16be', 'UTF16BE'),
        ('iso-8859-1 latin1 ISO8859-1', 'LATIN1'), ('iso-8859-15 latin-9', 'LATIN9'), ('Shift_JIS sjis cp932', 'SJIS'),
        ('euc-kr', 'EUC_KR'), ('cp949 UHC', 'UHC'), ('gbk cp936', 'GBK'), ('GB2312 gb18030', 'GB18030'), ('big5 cp950', 'BIG5'),
        ('koi8-r', 'KOI8R'), ('cp1251', 'WIN1251'), ('macintosh MacRoman', 'macOS Roman'), ('klingon', '-'),
        ('x' * 50, '-')):
    tap.same({judge.ask('find', name)[0] for name in names.split()}, {encoding}, f'{names[:40]} is {encoding}')
tap.same(judge.ask('find', '--'), ['-'], 'a name without letters is none')

tap.finish()
