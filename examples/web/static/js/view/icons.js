// The icons, as strokes on a grid of 24.

const strokes = {
  menu: ['M4 7h16', 'M4 12h16', 'M4 17h10'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  plus: ['M12 5v14', 'M5 12h14'],
  send: ['M12 19V5', 'M5.500 11.500 12 5l6.500 6.500'],
  down: ['M12 5v14', 'M5.500 12.500 12 19l6.500-6.500'],
  smile: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z', 'M8.500 14.200c.8 1.200 2 1.900 3.500 1.900s2.700-.7 3.500-1.900', 'M9 9.700v.1', 'M15 9.700v.1'],
  edit: ['M4.500 19.500l.8-3.700L15.600 5.500a2 2 0 0 1 2.900 2.900L8.200 18.700l-3.700.8Z', 'M13.600 7.500l2.900 2.900'],
  trash: ['M5 7h14', 'M10 7V4.800h4V7', 'M6.800 7l.8 12.200h8.800L17.200 7', 'M10.300 10.800v4.900', 'M13.700 10.800v4.900'],
  people: ['M9 11.500a3.300 3.300 0 1 0 0-6.600 3.300 3.300 0 0 0 0 6.600Z', 'M3.200 19c.5-3 2.800-4.800 5.800-4.800s5.300 1.800 5.800 4.800', 'M15.500 5.200a3.200 3.200 0 0 1 0 6', 'M17.200 14.600c2 .6 3.300 2.100 3.600 4.400'],
  enter: ['M5 12h14', 'M13 6l6 6-6 6'],
  reply: ['M9.500 6 4.500 11l5 5', 'M4.800 11H14a5.500 5.500 0 0 1 5.500 5.500V18'],
  thread: ['M5 5.500h14v10H11l-4 3.500v-3.500H5Z', 'M8.500 9h7', 'M8.500 12h4'],
  search: ['M11 4.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13Z', 'M15.800 15.800 20 20'],
  at: ['M12 8.300a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400Z', 'M15.700 8.500v4.700a2.400 2.400 0 0 0 4.800 0V12a8.500 8.500 0 1 0-3.400 6.800'],
  settings: ['M4 7.500h9', 'M17 7.500h3', 'M15 5.300v4.400', 'M4 16.500h3', 'M11 16.500h9', 'M9 14.300v4.400'],
  again: ['M19 12a7 7 0 1 1-2.200-5.100', 'M19 4.500v4h-4'],
  lock: ['M6.500 11h11v8.500h-11Z', 'M8.800 11V8.200a3.200 3.200 0 0 1 6.400 0V11'],
  person: ['M12 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z', 'M5.500 19.500c.5-3.300 3-5.200 6.500-5.200s6 1.900 6.500 5.200'],
  more: ['M6 12h.1', 'M12 12h.1', 'M18 12h.1'],
  leave: ['M14 4.500H6.500A1.500 1.500 0 0 0 5 6v12a1.500 1.500 0 0 0 1.500 1.500H14', 'M10.500 12H20', 'M16.500 8.500 20 12l-3.500 3.500'],
};

const space = 'http://www.w3.org/2000/svg';

/** @param {keyof typeof strokes} name */
export function icon(name) {
  const svg = document.createElementNS(space, 'svg');
  const attributes = {
    viewBox: '0 0 24 24', width: '20', height: '20', fill: 'none', stroke: 'currentColor',
    'stroke-width': '1.9', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true',
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  for (const d of strokes[name]) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
