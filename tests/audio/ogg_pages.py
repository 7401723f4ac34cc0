"""Ogg pages for tests."""

import struct


def first_page(packet: bytes, *, serial: int) -> bytes:
    """The page that begins a stream, with one packet of less than 255 bytes."""
    header = b"OggS\0\2" + bytes(8) + struct.pack("<3I", serial, 0, 0) + bytes((1, len(packet)))
    page = header + packet
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(page: bytes) -> int:
    """Ogg's CRC: polynomial 04c11db7, not reflected, from 0 on."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x104C11DB7 if crc >> 31 else 0)
    return crc
