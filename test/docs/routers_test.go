package docs_test

// The programs of the pages need these: a module keeps what its files import.
import (
	_ "github.com/gin-gonic/gin"
	_ "github.com/go-chi/chi/v5"
	_ "github.com/gorilla/websocket"
	_ "github.com/labstack/echo/v5"
)
