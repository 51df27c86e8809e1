// Puts as many hidden fields into a page as its address asks for (`?secrets=8`), away from its middle: for measurements.
'use strict';

const wanted = Math.min(200, Number(new URLSearchParams(location.search).get('secrets')) || 0);
const space = document.createElement('div');
space.style.cssText = 'position: absolute; left: 0; top: 0; width: 240px; pointer-events: none';
for (let i = 0; i < wanted; i += 1) {
  const field = document.createElement('input');
  field.type = 'password';
  field.value = 'a secret';
  field.style.cssText = 'display: block; width: 200px; height: 24px; margin: 8px 16px';
  space.append(field);
}
if (wanted > 0) document.body.append(space);
