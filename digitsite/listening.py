"""Why a port could not be listened on, in a sentence that says what to do."""

import errno


def listen_problem(failure: BaseException, host: str, port: int) -> str:
    """Explain an error of the system, or Twisted's wrapping of one."""
    reason = getattr(failure, "socketError", failure)
    number = getattr(reason, "errno", None)
    if number == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what uses it, or choose another with --port."
    if number == errno.EACCES:
        return f"Port {port} needs privileges: choose one above 1023 with --port."
    return f"Cannot listen on {host} port {port} ({reason}): choose another --host or --port."
