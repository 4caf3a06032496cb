"""The simulator's page, what it is made of, and its websocket."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from simulator.link import SimulatorLink

PAGE = Path(__file__).parent / "page"


def routes(link: SimulatorLink) -> list[BaseRoute]:
    """Return what the simulator brings to the server."""
    return [
        Route("/", _page),
        WebSocketRoute("/socket", link.serve),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]


def _page(_request: Request) -> FileResponse:
    return FileResponse(PAGE / "page.html")
