"""What the tests of CSV share: the C program, TAP, and seeds that are printed."""
import json
import os
import random
import subprocess
import sys

LONG = bool(os.environ.get('CANOPY_LONG'))


class Reader:
    """build/csv/reader, which runs the library's code on what it is sent."""

    def __init__(self, program='reader'):
        self.process = subprocess.Popen([f'build/csv/{program}'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, operation, data, delimiter=',', flags='-'):
        head = f'{operation} {ord(delimiter)} {flags or "-"} {len(data)}\n'.encode()
        self.process.stdin.write(head + data)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f'Bail out! {operation} died on {data[:300]!r}')
        return json.loads(line)

    def read(self, data, delimiter=',', flags='-'):
        """The answer of "read", with the cells as bytes."""
        answer = self.ask('read', data, delimiter, flags)
        for record in answer['records']:
            record['quoted'] = [quoted for _, quoted in record['cells']]
            record['cells'] = [text.encode('latin-1') for text, _ in record['cells']]
        return answer

    def cells(self, data, delimiter=',', flags='-'):
        return [record['cells'] for record in self.read(data, delimiter, flags)['records']]

    def write(self, records, delimiter=','):
        data = b''.join(b''.join(b'%d:%s' % (len(cell), cell) for cell in record) + b';' for record in records)
        return self.ask('write', data, delimiter).encode('latin-1')

    def defuse(self, cell):
        return self.ask('defuse', cell).encode('latin-1')

    def undefuse(self, cell):
        return self.ask('undefuse', cell).encode('latin-1')


class Tap:
    """Counts assertions and shows what was expected of one that failed."""

    def __init__(self):
        self.count = 0
        self.failed = False

    def ok(self, holds, name, detail=''):
        self.count += 1
        print(f'{"ok" if holds else "not ok"} {self.count} - {name}')
        if not holds:
            self.failed = True
            for line in str(detail).splitlines():
                print(f'#   {line}')

    def same(self, got, wanted, name):
        self.ok(got == wanted, name, f'got    {got!r}\nwanted {wanted!r}')

    def each(self, name, generate, count):
        """count times: generate() gives (input, got, wanted); one assertion, the first difference is shown."""
        for i in range(count):
            source, got, wanted = generate()
            if got != wanted:
                self.ok(False, f'{name}, number {i}', f'input  {source!r}\ngot    {got!r}\nwanted {wanted!r}')
                return
        self.ok(True, f'{name}: {count}')

    def finish(self):
        print(f'1..{self.count}')
        sys.exit(1 if self.failed else 0)


def seeded(default):
    """A generator whose seed is printed and can be set with CSV_SEED."""
    seed = int(os.environ.get('CSV_SEED', default))
    print(f'# CSV_SEED={seed}')
    return random.Random(seed)
