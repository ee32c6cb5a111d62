"""A cable between two network interfaces that delays and loses packets: relay.py TAP TAP DELAY_MS LOSS_PERCENT.

It makes both interfaces, says `ready`, and moves packets until it is killed. Whoever starts it moves the
interfaces where they belong. Losses follow a fixed seed.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
    fcntl.ioctl(device, TUNSETIFF, request)
    return device


def main():
    first, second = (tap(name) for name in sys.argv[1:3])
    delay = float(sys.argv[3]) / 1000
    loss = float(sys.argv[4]) / 100
    chance = random.Random(7)
    other = {first: second, second: first}
    waiting = []
    number = 0
    print("ready", flush=True)
    while True:
        patience = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([first, second], [], [], patience)
        for device in readable:
            try:
                packet = os.read(device, 65536)
            except OSError:
                continue
            if chance.random() >= loss:
                number += 1
                heapq.heappush(waiting, (time.monotonic() + delay, number, other[device], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(waiting)
            try:
                os.write(device, packet)
            except OSError:
                # The interface is down: the packet is lost, as on a cable that is cut.
                pass


if __name__ == "__main__":
    main()
