module github.com/roomlog/chat/bench

go 1.26.0

require (
	github.com/gobwas/ws v1.5.0
	github.com/roomlog/chat v0.0.0
	go.etcd.io/bbolt v1.5.0
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/oklog/ulid/v2 v2.1.2 // indirect
	github.com/tidwall/btree v1.8.2 // indirect
	golang.org/x/sys v0.45.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/roomlog/chat => ../
