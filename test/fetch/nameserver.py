"""
A name server that changes its mind: each question for a name takes the next of its answers.
"""
import collections
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28


class NameServer:
    """names: what a name means, a list of answers in turn; an answer is a list of addresses and names."""

    def __init__(self, address, names):
        self.names = names
        self.asked = collections.Counter()
        self.given = collections.Counter()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 53))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            question, peer = self.sock.recvfrom(4096)
            answer = self.answer(question)
            if answer is not None:
                self.sock.sendto(answer, peer)

    def answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        kind = struct.unpack('!H', question[at + 1:at + 3])[0]
        name = '.'.join(labels)
        turns = self.names.get(name)
        if turns == 'silence':
            return None
        records = []
        if turns:
            turn = turns[self.asked[name, kind] % len(turns)]
            self.asked[name, kind] += 1
            owner = b'\xc0\x0c'
            for entry in turn:
                record_kind, data = self.record(entry)
                if record_kind in (kind, CNAME):
                    records.append(owner + struct.pack('!HHIH', record_kind, 1, 0, len(data)) + data)
                    self.given[name, entry] += 1
                if record_kind == CNAME:
                    owner = data
        code = 0x8180 if turns else 0x8183
        head = question[:2] + struct.pack('!HHHHH', code, 1, len(records), 0, 0)
        return head + question[12:at + 5] + b''.join(records)

    @staticmethod
    def record(entry):
        try:
            address = ipaddress.ip_address(entry)
        except ValueError:
            return CNAME, b''.join(bytes([len(label)]) + label.encode() for label in entry.split('.')) + b'\0'
        return (A if address.version == 4 else AAAA), address.packed
