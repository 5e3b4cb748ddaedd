"""Small files of people in many encodings, made from test/data/people.tsv: what the detection of encodings is measured with."""
import collections

from judge import as_windows_has_it

# A file: the text that must come out, what it is encoded in as Python calls it, its bytes, and what it is made of.
File = collections.namedtuple('File', 'half language codec shape text data')

UNICODE = ['utf-8', 'utf-8-sig', 'utf-16-le', 'utf-16-be', 'bom utf-16-le', 'bom utf-16-be', 'utf-32-le', 'utf-32-be']
ENGLISH = [['Anna', 'Smith', 'London', 'Manager'], ['John', 'Miller', 'Boston', 'Driver'], ['Mary', 'Jones', 'Leeds', 'Nurse']]
HEADERS = ['email', 'first_name', 'last_name', 'city', 'job_title']

# What Windows writes that is neither a letter nor ASCII, in places where people have it.
PUNCTUATION = {
    'tuned': [
        ['Mary', 'O’Brien', 'London', 'Manager'], ['John', 'O’Neill', 'Cork', 'Driver'], ['Anna', 'D’Angelo', 'Rome', 'Cook'],
        ['Bob', 'Smith', 'London', '“Senior” Clerk'], ['Bob', 'Smith', 'London – West', 'Clerk'], ['Bob', 'Smith', 'London', 'Clerk — night shift'],
        ['Bob', 'Smith', 'London', 'Clerk…'], ['Bob', 'Smith', 'London', '• Clerk'], ['Bob', 'Smith', 'London', 'Acme™ expert'],
        ['Bob', 'Smith', 'London', 'Clerk (£ 20)'], ['Bob', 'Smith', 'London', '€ 100'], ['Bob', 'Smith', 'London', 'Acme® sales'],
        ['Bob', 'Smith', 'London', '© Acme'], ['Bob', 'Smith', '51° north', 'Clerk'], ['Bob', '‘Bobby’ Smith', 'London', 'Clerk'],
        ['Bob', 'Smith', 'London', '§ 5'], ['Bob', 'Smith', 'London', '½ day'], ['Bob', 'Smith', 'London', '±2'],
        ['Bob', 'Smith†', 'London', 'Clerk'], ['Bob', 'Smith', 'London', '«Clerk»'], ['Bob', 'Smith', 'London', 'a×b'],
        ['Bob', 'Smith', 'London', '20\u00a0000'], ['Bob', 'Smith', 'London', '5‰'], ['Bob', 'Smith', 'London', '„Clerk“'],
        ['Bob', 'Smith', 'London', '—'], ['Bob', 'Smith', 'London', '£20k–£30k'], ['Bob', 'Smith', 'London', 'A·B'],
        ['Kate', 'O’Sullivan', 'Dublin', 'Nurse'], ['Tim', 'M’Bala', 'Leeds', 'Cook'], ['Lea', 'L’Amour', 'Nice', 'Host'],
        ['Joe', 'Brown', 'Leeds', 'the “boss”'], ['Joe', 'Brown', 'Leeds–Bradford', 'Cook'], ['Joe', 'Brown', 'Leeds', 'Cook—part time'],
        ['Joe', 'Brown', 'Leeds', '… and cook'], ['Joe', 'Brown', 'Leeds', 'Cook • Host'], ['Joe', 'Brown', 'Leeds', 'PlayStation™'],
        ['Joe', 'Brown', 'Leeds', '£500'], ['Joe', 'Brown', 'Leeds', '12,50 €'], ['Joe', 'Brown', 'Leeds', 'Java®'],
        ['Joe', 'Brown', 'Leeds', '©2024'], ['Joe', 'Brown', '20 °C', 'Cook'], ['Joe', 'Brown', 'Leeds', 'rock ’n’ roll'],
        ['Joe', 'Brown', 'Leeds', '¶ 3'], ['Joe', 'Brown', 'Leeds', '¼ time'], ['Joe', 'Brown', 'Leeds', 'Cook’s'],
        ['Joe', 'Brown', 'Leeds', '‡ left'], ['Joe', 'Brown', 'Leeds', '‹Cook›'], ['Joe', 'Brown', '3 m²', 'Cook'],
        ['Joe', 'Brown', 'Leeds', 'a\u00a0b'], ['Joe', 'Brown', 'Leeds', '¥ 100'], ['Joe', 'Brown', 'Leeds', '20¢'],
        ['Joe', 'Brown', 'Leeds', '–'], ['Joe', 'Brown', 'Leeds', 'it’s 10 – 12 o’clock…'], ['Joe', 'Brown', 'Leeds', '“…”'],
    ],
    'held out': [
        ['Meg', 'O’Connor', 'Perth', 'Clerk'], ['Ian', 'N’Diaye', 'Derby', 'Cook'], ['Meg', 'Hall', 'Stoke–on–Trent', 'Nurse'],
        ['Meg', 'Hall', 'Perth', '‘acting’ head'], ['Meg', 'Hall', 'Perth', '“A” team'], ['Meg', 'Hall', 'Perth', 'Nurse™'],
        ['Meg', 'Hall', 'Perth', '€50'], ['Meg', 'Hall', 'Perth', '50 £'], ['Meg', 'Hall', 'Perth', '(c) © Hall'],
        ['Meg', 'Hall', 'Perth', '12°'], ['Meg', 'Hall', 'Perth', 'n° 4'], ['Meg', 'Hall', 'Perth', '•'],
        ['Meg', 'Hall', 'Perth', 'Nurse »'], ['Meg', 'Hall', 'Perth', '»Nurse«'], ['Meg', 'Hall', 'Perth', 'kids’ nurse'],
        ['Meg', 'Hall', 'Perth', '9–5'], ['Meg', 'Hall', 'Perth', '…'], ['Meg', 'Hall', 'Perth', '¡Hola!'],
        ['Meg', 'Hall', 'Perth', '1ª'], ['Meg', 'Hall', 'Perth', '2×4'], ['Meg', 'Hall', 'Perth', '5 µm'],
        ['Meg', 'O´Hara', 'Perth', 'Nurse'], ['Meg', 'O‘Hara', 'Perth', 'Nurse'], ['Meg', 'Hall', 'Perth', 'Nurse®, Cook®'],
    ],
}


def encode(text, codec):
    if codec.startswith('bom '):
        return ('\ufeff' + text).encode(codec[4:])
    return text.encode(codec)


def count(text):
    """How many characters are not ASCII."""
    return sum(character >= '\x80' for character in text)


def as_file(header, rows, delimiter):
    lines = [header] + [[f'user{number}@firm.example', *row] for number, row in enumerate(rows, 1)]
    return ''.join(delimiter.join(line) + '\r\n' for line in lines)


def shapes(header, people):
    """(shape, text) of files, from one character that is not ASCII to twelve people."""
    cells = sorted(((count(cell), -column, row) for row, person in enumerate(people) for column, cell in enumerate(person) if count(cell)))
    for number in (0, len(cells) // 3):
        _, column, row = cells[number]
        lone = list(ENGLISH[0])
        lone[-column] = people[row][-column]
        yield ('least' if number == 0 else 'one cell'), as_file(HEADERS, [lone], ',')
    yield 'one row', as_file(HEADERS, people[1:2], ',')
    yield 'one of three', as_file(HEADERS, [ENGLISH[0], people[2], ENGLISH[1]], ';')
    yield 'one column', as_file(HEADERS, [[person[0], ENGLISH[0][1], ENGLISH[0][2], ENGLISH[0][3]] for person in people], ',')
    yield 'four rows', as_file(['E-Mail', *header], people[:4], ';')
    yield 'all rows', as_file(HEADERS, people, ';')


def languages():
    """(language, half, codecs, header, people) of test/data/people.tsv."""
    with open('test/data/people.tsv', encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                language, half, codecs, header, people = line.rstrip('\n').split('\t')
                yield language, half, codecs.split(), header.split('|'), [person.split('|') for person in people.split('; ')]


def corpus():
    """Every file, always in the same order."""
    for language, half, codecs, header, people in languages():
        for codec in codecs + UNICODE:
            for shape, text in shapes(header, people):
                if codec == 'cp1258':
                    text = as_windows_has_it(text)
                if count(text):
                    yield File(half, language, codec, shape, text, encode(text, codec))
    for half, people in PUNCTUATION.items():
        for number, person in enumerate(people):
            for shape, rows in (('one row', [person]), ('one of three', [ENGLISH[0], person, ENGLISH[1]]), ('three', (people + people)[number:number + 3])):
                text = as_file(HEADERS, rows, ';')
                yield File(half, 'punctuation', 'cp1252', shape, text, encode(text, 'cp1252'))
