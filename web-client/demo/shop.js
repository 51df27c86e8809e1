// The demo shop: a catalogue, and a basket in localStorage.
'use strict';

const PRODUCTS = [
  { id: 'lamp', name: 'Harbour lamp', price: 89, image: 'images/lamp.svg', line: 'Spun steel, linen cord', text: 'A table lamp with a shade of spun steel that throws its light down and a little of it up. The cord is linen, the switch is brass, and both can be replaced.' },
  { id: 'kettle', name: 'Hearth kettle', price: 64, image: 'images/kettle.svg', line: 'Enamel, 1.2 litres', text: 'Boils quickly on gas and induction, pours without a drip. The handle stays cool and the enamel is fired twice.' },
  { id: 'chair', name: 'Alder chair', price: 240, image: 'images/chair.svg', line: 'Solid alder, woven seat', text: 'Made of nine pieces of alder and forty metres of paper cord. It weighs less than four kilograms and outlives its owner.' },
  { id: 'mug', name: 'Finch mug', price: 18, image: 'images/mug.svg', line: 'Stoneware, 300 ml', text: 'Thrown by hand, so no two are alike. Safe in the dishwasher and in the oven, and happy with tea.' },
  { id: 'blanket', name: 'Fell blanket', price: 120, image: 'images/blanket.svg', line: 'Undyed wool, 140 × 200', text: 'Woven from the wool of two flocks, undyed, washed soft in river water. Warm in winter, light in spring.' },
  { id: 'pot', name: 'Garden pot', price: 32, image: 'images/pot.svg', line: 'Terracotta, with saucer', text: 'Fired hot enough to stay outside in frost. The wall breathes, so roots stay healthy.' },
];

const money = (amount) => `€${amount.toFixed(2)}`;
const find = (id) => PRODUCTS.find((product) => product.id === id);

const basket = {
  read() {
    try {
      return JSON.parse(localStorage.getItem('basket') || '[]').filter((line) => find(line.id) && line.count > 0);
    } catch {
      return [];
    }
  },
  write(lines) {
    localStorage.setItem('basket', JSON.stringify(lines));
    showCount();
  },
  add(id) {
    const lines = basket.read();
    const line = lines.find((one) => one.id === id);
    if (line) line.count += 1;
    else lines.push({ id, count: 1 });
    basket.write(lines);
  },
  remove(id) {
    basket.write(basket.read().filter((line) => line.id !== id));
  },
  total() {
    return basket.read().reduce((sum, line) => sum + line.count * find(line.id).price, 0);
  },
};

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function showCount() {
  const count = basket.read().reduce((sum, line) => sum + line.count, 0);
  const link = document.getElementById('basket');
  if (link) link.textContent = `Basket (${count})`;
}

function showCatalogue(list) {
  for (const product of PRODUCTS) {
    const link = make('a', { href: `product.html?id=${product.id}`, id: `product-${product.id}` });
    link.append(
      make('img', { src: product.image, alt: '', width: 360, height: 360 }),
      make('h3', { textContent: product.name }),
      make('span', { className: 'soft', textContent: `${product.line} · ${money(product.price)}` }),
    );
    list.append(make('li', {}, link));
  }
}

function showProduct(main) {
  const product = find(new URLSearchParams(location.search).get('id')) || PRODUCTS[0];
  document.title = `${product.name} · Alder & Finch`;
  main.querySelector('#name').textContent = product.name;
  main.querySelector('#line').textContent = product.line;
  main.querySelector('#text').textContent = product.text;
  main.querySelector('#price').textContent = money(product.price);
  main.querySelector('#image').src = product.image;
  main.querySelector('#add').addEventListener('click', () => {
    basket.add(product.id);
    main.querySelector('#added').textContent = 'It is in your basket.';
  });
}

function showBasket(table, total, editable) {
  const lines = basket.read();
  table.replaceChildren();
  for (const { id, count } of lines) {
    const product = find(id);
    const name = make('td', {}, make('strong', { textContent: product.name }), make('br'), make('span', { className: 'soft small', textContent: `${count} × ${money(product.price)}` }));
    if (editable) {
      const remove = make('button', { type: 'button', textContent: 'Remove', className: 'small' });
      remove.addEventListener('click', () => {
        basket.remove(id);
        showBasket(table, total, editable);
      });
      name.append(make('br'), remove);
    }
    table.append(make('tr', {}, make('td', { width: 96 }, make('img', { src: product.image, alt: '' })), name, make('td', { textContent: money(count * product.price) })));
  }
  if (lines.length === 0) table.append(make('tr', {}, make('td', { className: 'soft', textContent: 'Your basket is empty.' })));
  total.textContent = money(basket.total());
}

function runCheckout(form) {
  const accept = document.getElementById('accept-terms');
  const terms = document.getElementById('terms');
  accept.addEventListener('click', () => {
    terms.checked = true;
    accept.textContent = 'Terms accepted';
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const number = String(100000 + Math.floor(Math.random() * 900000));
    const done = document.getElementById('confirmation');
    document.getElementById('order-number').textContent = number;
    document.getElementById('order-email').textContent = form.elements.email.value;
    document.title = `Thank you, ${form.elements.name.value} · Alder & Finch`;
    document.getElementById('checkout').hidden = true;
    done.hidden = false;
    done.focus();
    basket.write([]);
    window.scrollTo(0, 0);
  });
}

/** The "Get help" button comes from Tandem, where the page says one is. Without it the shop is just a shop. */
function offerHelp() {
  const { tandemHost, tandemCompany } = document.documentElement.dataset;
  if (!tandemHost) return;
  const script = make('script', { src: `${tandemHost}/embed.js`, async: true });
  script.dataset.company = tandemCompany || 'demo';
  script.addEventListener('error', () => script.remove());
  document.head.append(script);
}

showCount();
const catalogue = document.getElementById('catalogue');
if (catalogue) showCatalogue(catalogue);
const product = document.getElementById('product');
if (product) showProduct(product);
const lines = document.getElementById('lines');
if (lines) showBasket(lines, document.getElementById('total'), lines.dataset.editable === 'true');
const form = document.getElementById('checkout-form');
if (form) runCheckout(form);
offerHelp();
