package main

// follow is the goroutine of one reader, in the variant where each has one.
func (l *tailLog) follow(r *tailReader) {
	defer r.conn.Close()
	defer l.count.Add(-1)
	for {
		news := *l.news.Load() // before it looks: what comes meanwhile closes it
		for {
			n := int(r.at.n.Load())
			if r.off < n {
				if _, err := r.conn.Write(r.at.buf[r.off:n]); err != nil {
					return
				}
				r.off = n
				continue
			}
			next := r.at.next.Load()
			if next == nil {
				break
			}
			if int(r.at.n.Load()) == n { // nothing was added before the next was begun
				r.at, r.off = next, 0
			}
		}
		<-news
	}
}
