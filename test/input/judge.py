"""What the tests of uploads share: the C program, and the encodings as Python and the server call them."""
import os
import subprocess
import tempfile
import unicodedata

# the server's name of each encoding, and what Python calls it
CODECS = {
    'UTF8': 'utf-8', 'UTF16LE': 'utf-16-le', 'UTF16BE': 'utf-16-be',
    'WIN1250': 'cp1250', 'WIN1251': 'cp1251', 'WIN1252': 'cp1252', 'WIN1253': 'cp1253', 'WIN1254': 'cp1254',
    'WIN1255': 'cp1255', 'WIN1256': 'cp1256', 'WIN1257': 'cp1257', 'WIN1258': 'cp1258', 'WIN874': 'cp874',
    'WIN866': 'cp866', 'LATIN1': 'latin1', 'LATIN2': 'iso8859_2', 'LATIN5': 'iso8859_9', 'LATIN7': 'iso8859_13',
    'LATIN9': 'iso8859_15', 'ISO_8859_5': 'iso8859_5', 'ISO_8859_6': 'iso8859_6', 'ISO_8859_7': 'iso8859_7',
    'ISO_8859_8': 'iso8859_8', 'KOI8R': 'koi8_r', 'KOI8U': 'koi8_u', 'SJIS': 'cp932', 'EUC_JP': 'euc_jp',
    'UHC': 'cp949', 'GB18030': 'gb18030', 'BIG5': 'cp950',
    'IBM437': 'cp437', 'IBM850': 'cp850', 'IBM852': 'cp852', 'macOS Roman': 'mac_roman',
    'macOS Central European': 'mac_latin2', 'macOS Cyrillic': 'mac_cyrillic',
}


class Judge:
    """build/input/judge, which runs the library's code on what it is asked."""

    def __init__(self):
        self.process = subprocess.Popen(['build/input/judge'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder = tempfile.TemporaryDirectory()

    def ask(self, *words):
        self.process.stdin.write('\t'.join(words).encode() + b'\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f'Bail out! judge died on {words!r}')
        return line.decode().rstrip('\n').split('\t')

    def detect(self, data):
        """A dictionary; the samples as the bytes they point at."""
        path = os.path.join(self.folder.name, 'file')
        with open(path, 'wb') as file:
            file.write(data)
        kind, encoding, method, confidence, readable, uncertain, *spans = self.ask('detect', path)
        spans = [int(span) for span in spans]
        samples = [data[at:at + length] for at, length in zip(spans[::2], spans[1::2])]
        return {'kind': kind, 'encoding': encoding, 'method': method, 'confidence': int(confidence),
                'readable': readable == '1', 'uncertain': uncertain == '1', 'samples': samples}


def as_windows_has_it(text):
    """Vietnamese for cp1258: the tone as a character of its own."""
    out = ''
    for character in text:
        parts = unicodedata.normalize('NFD', character)
        tones = ''.join(mark for mark in parts[1:] if mark in '\u0300\u0301\u0303\u0309\u0323')
        out += unicodedata.normalize('NFC', ''.join(mark for mark in parts if mark not in tones)) + tones
    return out


def lists_of_names():
    """(language, codecs, names) of test/data/names.tsv."""
    with open('test/data/names.tsv', encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                language, codecs, names = line.rstrip('\n').split('\t')
                yield language, codecs.split(), names.split(', ')


def as_csv(names, delimiter=';'):
    """A file of people as a spreadsheet saves it."""
    rows = [['Vorname', 'Nachname', 'E-Mail', 'Abteilung']]
    for number, name in enumerate(names):
        first, _, last = name.partition(' ')
        rows.append([first, last, f'user{number}@example.com', 'Sales'])
    return ''.join(delimiter.join(row) + '\r\n' for row in rows)
