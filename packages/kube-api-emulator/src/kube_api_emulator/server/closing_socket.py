"""A TLS socket that is closed where Python leaves it open."""

import errno
import socket
import ssl


class ClosingSocket(ssl.SSLSocket):
    """A TLS socket that is closed if the other side is gone before the handshake.

    `SSLSocket._create` asks for the name of the peer first. If there is none, it reads, and leaves the socket open if
    that fails too: the connection was reset. Set it as `sslsocket_class` of a context.
    """

    def getpeername(self) -> object:
        """Raise ConnectionResetError, and close the socket, if it is neither connected nor a listening one."""
        try:
            return super().getpeername()
        except OSError as error:
            if error.errno != errno.ENOTCONN or self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                raise
            self.close()
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer") from error
