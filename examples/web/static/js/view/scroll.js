// The place of the reader: at the end it stays at the end, elsewhere what is
// being read stays where it is, whatever is added above or below.

const near = 60; // px from the end that count as the end

export class Scroll {
  #scroller;
  #content;
  #atEnd = true;
  #going = false; // on the way to the end, smoothly
  #size = ''; // of the box and its content, when the reader was last at the end
  #top = 0; // and how far down that was
  #onMoved;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} content its child that holds the items
   * @param {() => void} onMoved called when the reader comes to the end or leaves it
   */
  constructor(scroller, content, onMoved) {
    this.#scroller = scroller;
    this.#content = content;
    this.#onMoved = onMoved;
    scroller.addEventListener('scroll', () => this.#look(), { passive: true });
    for (const own of ['wheel', 'touchmove', 'keydown']) scroller.addEventListener(own, () => (this.#going = false), { passive: true });
    // The box shrinks (a keyboard, a longer draft) and the content grows
    // without us (fonts, the width of the window).
    const resized = new ResizeObserver(() => this.#look());
    resized.observe(scroller);
    resized.observe(content);
  }

  get atEnd() {
    return this.#atEnd;
  }

  /** @param {ScrollBehavior} behavior */
  toEnd(behavior = 'instant') {
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
    this.#going = behavior !== 'instant';
    if (this.#going) return;
    this.#size = this.#measure();
    this.#top = this.#scroller.scrollTop;
    this.#set(true);
  }

  /** Changes the content, and keeps the reader's place. */
  keep(change) {
    this.#look(); // the reader may have moved, and the event of that be yet to come
    if (this.#atEnd) {
      change();
      this.toEnd();
      return;
    }
    if (this.#going) { // to put the place right would stop it on the way
      change();
      this.toEnd('smooth');
      return;
    }
    const anchors = this.#visible().map((node) => ({ node, before: node.getBoundingClientRect().top }));
    change();
    const anchor = anchors.find(({ node }) => node.isConnected);
    const moved = anchor ? anchor.node.getBoundingClientRect().top - anchor.before : 0;
    if (moved) this.#scroller.scrollTop += moved;
  }

  /** The items that are to be seen, from the top. @returns {HTMLElement[]} one of them will outlive the change */
  #visible() {
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    const nodes = /** @type {any} */ (this.#content.children);
    let low = 0;
    for (let high = nodes.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (nodes[middle].getBoundingClientRect().bottom <= top) low = middle + 1;
      else high = middle;
    }
    const visible = [];
    for (let i = low; i < nodes.length && nodes[i].getBoundingClientRect().top < bottom; i++) {
      if (nodes[i].dataset.id) visible.push(nodes[i]); // the heading of a day moves when older messages come
    }
    return visible;
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const end = scrollHeight - scrollTop - clientHeight < near;
    // A box that was resized scrolls by itself, before anything else tells of it: not
    // up and away from the end, as a reader does at the same moment.
    const away = !end && scrollTop < this.#top;
    if (this.#atEnd && !away && this.#measure() !== this.#size) return this.toEnd();
    this.#set(end);
  }

  #measure() {
    const { scrollHeight, clientHeight, clientWidth } = this.#scroller;
    return `${scrollHeight} ${clientHeight} ${clientWidth}`;
  }

  #set(atEnd) {
    if (atEnd === this.#atEnd) return;
    this.#atEnd = atEnd;
    if (atEnd) this.#going = false;
    this.#onMoved();
  }
}
