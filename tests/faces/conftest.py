from tests.browser import page

__all__ = ["page"]
