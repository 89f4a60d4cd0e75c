package wire

// answers reads until all that was sent is answered, and calls done in order.
func (a *appending) answers() {
	defer close(a.stopped)
	for {
		head, err := a.oldest()
		if err == nil && head == nil {
			return
		}
		if err == nil && head.answered {
			err = a.report(head)
		} else if err == nil {
			err = a.read()
		}
		if err != nil {
			a.fail(err)
			return
		}
	}
}

// oldest waits for a message without done. nil is the end of all. A message
// whose answer is owed is given unanswered: then there is something to read.
func (a *appending) oldest() (*sent, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) == 0 && !a.last {
		a.cond.Wait()
	}
	if len(a.queue) == 0 {
		return nil, a.err
	}
	return a.queue[0], a.err
}

// fail ends the run: the connection is closed before anything else, so that
// nothing more of a message is taken for commands.
func (a *appending) fail(err error) {
	_ = a.c.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
	a.cond.Broadcast()
}

// report calls done for the oldest message. BAD ends the run.
func (a *appending) report(s *sent) error {
	a.mu.Lock()
	a.queue = a.queue[1:]
	a.bytes -= s.size
	if s.result.Err == nil {
		a.c.accepted.add(s.keywords)
	}
	a.cond.Broadcast()
	a.mu.Unlock()
	if err := a.done(s.result); err != nil {
		return callback{err}
	}
	if no, ok := s.result.Err.(*Refused); ok && no.Status == "BAD" {
		return no
	}
	return nil
}

// read takes one response.
func (a *appending) read() error {
	r, err := a.c.next()
	switch {
	case err != nil:
		return err
	case r.kind == '+':
		a.proceed(nil)
	case r.kind == 't':
		return a.answer(r)
	}
	return nil
}

// proceed tells the writer what became of its literal: s is the message that
// was answered instead, or nil for a continuation. One that comes before the
// answers to earlier messages is not for it: servers work in order.
func (a *appending) proceed(s *sent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sync == nil || s != nil && s != a.sync || s == nil && a.firstOwed() != a.sync {
		return
	}
	a.sync = nil
	a.cont <- s == nil
}

func (a *appending) firstOwed() *sent {
	for _, s := range a.queue {
		if !s.answered {
			return s
		}
	}
	return nil
}

func (a *appending) answer(r resp) error {
	s := a.find(r.num)
	if s == nil {
		return nil
	}
	cd := a.c.answer(&s.cmd, r.line.rest())
	if cd.status == "BAD" {
		_ = a.c.Close() // at once: see Append
	}
	if s.cmd.err != nil {
		s.result.Err = s.cmd.err
	} else if cd.code == "APPENDUID" {
		l := line{text: []byte(cd.args)}
		validity, uid := number32(l.word()), number32(l.word())
		if validity != 0 && uid != 0 {
			s.result.UIDValidity, s.result.UID = validity, uid
		}
	}
	a.mu.Lock()
	early := s.cmd.err == nil && !s.complete
	s.answered = !early
	a.mu.Unlock()
	if early { // nothing can be stored yet
		return errEarly()
	}
	a.proceed(s)
	return nil
}

func (a *appending) find(tag uint32) *sent {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.queue {
		if s.cmd.tag == tag && tag != 0 && !s.answered {
			return s
		}
	}
	return nil
}
