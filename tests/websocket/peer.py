"""An echo server of WebSockets, for the examples to talk to: a peer that shares no line with them.

Prints its port, then serves until it is ended. Needs the package `websockets`.
"""

import asyncio

from websockets.asyncio.server import serve


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    async with serve(echo, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
