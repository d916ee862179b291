"""Static files out of the web process: WhiteNoise, made to fit an asynchronous server.

WhiteNoise's own middleware is synchronous and answers with an open file, which an ASGI server
can only read by blocking and with a warning for each request.
"""

from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from typing import Any

import rcssmin
import rjsmin
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.files.base import ContentFile, File
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("css/", "js/", "feedback/")
HASH = 8  # hexadecimal digits, which need only tell apart what one file has held over time
MINIFIERS = {".js": rjsmin.jsmin, ".css": rcssmin.cssmin}
GetResponse = Callable[[HttpRequest], Any]


class StaticFiles(WhiteNoiseMiddleware):
    """Answer requests for collected files; pass on everything else without leaving the loop."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer, in the mode in which the rest of the chain runs."""
        if iscoroutinefunction(self):
            return self._answer_async(request)
        file = self._find(request)
        return self.serve(file, request) if file else self.get_response(request)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        file = self._find(request)
        if file is None:
            return await self.get_response(request)
        return await sync_to_async(self.serve, thread_sensitive=False)(file, request)

    def _find(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(self.static_prefix):
            return None
        if self.autorefresh:
            return self.find_file(request.path_info)
        return self.files.get(request.path_info)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """Read the file whole: the largest is a script of the API page of about a megabyte."""
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response


def minified(name: str, text: str) -> str:
    """Return a script or style sheet without comments and indentation, anything else as it is.

    The scripts must not nest template literals: the minifier does not know that they can.
    """
    minify = MINIFIERS.get(PurePosixPath(name).suffix)
    return str(minify(text)) if minify else text


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Names with a hash of the content, also inside the import lines of our ES modules.

    Our own scripts and style sheets go without comments and indentation, a third of their weight
    on the wire; names and statements stay. What others wrote stays as they wrote it.
    """

    support_js_module_import_aggregation = True

    def file_hash(self, name: str, content: "File[Any] | None" = None) -> str | None:
        """Return Django's hash, shortened: hashes do not compress, and each import line has one."""
        digest = super().file_hash(name, content)
        return digest and str(digest)[:HASH]

    def _save(self, name: str, content: "File[Any]") -> str:
        if name.startswith(OURS) and PurePosixPath(name).suffix in MINIFIERS:
            text = b"".join(content.chunks()).decode()
            content = ContentFile(minified(name, text).encode(), name)
        return str(super()._save(name, content))
