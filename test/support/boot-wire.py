"""Reads along on every cable of the network: python3 boot-wire.py SECONDS WORD...

Prints JSON: of each TCP or UDP port, how many packets with content were sent to it, and which of the words were in any.
"""

import json
import socket
import struct
import sys
import time

ALL_PROTOCOLS = 0x0003
IPV4 = 0x0800
TCP, UDP = 6, 17


def content(frame):
    """Port that an IPv4 packet of TCP or UDP goes to, and what is in it."""
    if len(frame) < 34 or struct.unpack_from("!H", frame, 12)[0] != IPV4:
        return None
    packet = frame[14 : 14 + struct.unpack_from("!H", frame, 16)[0]]
    segment = packet[(packet[0] & 0x0F) * 4 :]
    if packet[9] == TCP:
        header = (segment[12] >> 4) * 4
    elif packet[9] == UDP:
        header = 8
    else:
        return None
    return struct.unpack_from("!H", segment, 2)[0], segment[header:]


def main():
    seconds, words = float(sys.argv[1]), [word.encode() for word in sys.argv[2:]]
    packets, found = {}, {}
    # Of no device: of all of them.
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
    wire.settimeout(0.2)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            seen = content(wire.recv(1 << 16))
        except socket.timeout:
            continue
        if seen is None or not seen[1]:
            continue
        port, data = seen
        packets[port] = packets.get(port, 0) + 1
        for word in words:
            if word in data:
                found.setdefault(word.decode(), set()).add(port)
    print(json.dumps({"packets": packets, "found": {word: sorted(to) for word, to in found.items()}}))


main()
