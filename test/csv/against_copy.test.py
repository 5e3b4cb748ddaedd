"""Files that COPY ... CSV accepts: the same cells, in a table that the server fills."""
import json
import os
import subprocess
import tempfile

from harness import LONG, Reader, Tap, seeded

reader = Reader()
tap = Tap()
random = seeded(1986)
count = 3000 if LONG else 600
WIDEST = 5


def plain():
    return ''.join(random.choice(['a', 'b', '7', ' ', '#', "'", '\\n', 'ä', '日', '=', '\t', 'd']) for _ in range(random.randint(0, 6)))


def quoted(line_ends):
    return '"' + ''.join(random.choice(['a', ' ', '""', ',', ';', '|', '#', '\\', 'ä', '\t', *line_ends])
                         for _ in range(random.randint(0, 8))) + '"'


def file():
    """Its width, its delimiter and its text; COPY wants one kind of line end and one width."""
    width, delimiter, line_end = random.randint(2, WIDEST), random.choice(',;|'), random.choice(['\n', '\r\n', '\r'])
    kinds = [plain, plain, lambda: quoted('\n\r'), lambda: quoted('') + plain().strip(' \t')]
    lines = [delimiter.join(random.choice(kinds)() for _ in range(width)) for _ in range(random.randint(1, 6))]
    return width, delimiter, line_end.join(lines) + random.choice(['', line_end])


def copied(files):
    """What each file becomes in a table, by one session of psql."""
    with tempfile.TemporaryDirectory() as folder:
        script = []
        for i, (width, delimiter, text) in enumerate(files):
            path = os.path.join(folder, str(i))
            with open(path, 'wb') as out:
                out.write(text.encode())
            columns = ', '.join(f'c{k}' for k in range(width))
            cells = ', '.join(f"encode(convert_to(c{k}, 'UTF8'), 'hex')" for k in range(width))
            script += [f"\\copy t ({columns}) from '{path}' with (format csv, delimiter '{delimiter}', null '\\N')",
                       f'SELECT json_agg(json_build_array({cells}) ORDER BY n) FROM t;', 'TRUNCATE t RESTART IDENTITY;']
        columns = ', '.join(f'c{k} text' for k in range(WIDEST))
        script.insert(0, f'CREATE TEMPORARY TABLE t (n serial, {columns});')
        answer = subprocess.run(['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'], input='\n'.join(script).encode(),
                                stdout=subprocess.PIPE, check=False)
    rows = [json.loads(line) for line in answer.stdout.decode().replace('\n ', ' ').splitlines() if line]
    tap.same((answer.returncode, len(rows)), (0, len(files)), 'COPY takes every file')
    return [[[bytes.fromhex(cell) for cell in row] for row in table] for table in rows]


files = [file() for _ in range(count)]
tables = iter(copied(files))
numbered = iter(files)


def one():
    width, delimiter, text = next(numbered)
    return (delimiter, text), reader.cells(text.encode(), delimiter, 'k'), next(tables)


tap.each('files as COPY reads them', one, count)
tap.finish()
