import { expect, test } from 'vitest';
import { companyOf, completeAddress, digitsOf, duration, groupMore, groupPin, policyErrors, siteOf, webAddress } from './words';

test('PINs in groups, however they were pasted', () => {
  expect(groupPin('482915036')).toBe('482 915 036');
  expect(groupPin('PIN: 482-915 0365')).toBe('482 915 036');
  expect(groupPin('4829')).toBe('482 9');
  expect(groupPin('482')).toBe('482');
  expect(groupPin('4829150361234567890', 17)).toBe('482 915 036 1234 5678');
  expect(groupMore('12345678')).toBe('1234 5678');
  expect(digitsOf(' 4a8 ')).toBe('48');
});

test('the company is in the path', () => {
  expect(companyOf('/c/demo')).toBe('demo');
  expect(companyOf('/c/demo/')).toBe('demo');
  expect(companyOf('/agent')).toBe('');
});

test.each([
  ['shop.example', 'https://shop.example'],
  [' https://shop.example/a?b ', 'https://shop.example/a?b'],
  ['127.0.0.1:8081', 'http://127.0.0.1:8081'],
  ['localhost:5173/x', 'http://localhost:5173/x'],
  ['javascript:alert(1)', null],
  ['file:///etc/passwd', null],
  ['two words', null],
  ['', null],
])('the address %s is %s', (typed, address) => {
  expect(completeAddress(typed)).toBe(address);
});

test('links go to the web only', () => {
  expect(webAddress('https://shop.example/')).toBe('https://shop.example/');
  expect(webAddress('javascript:alert(1)')).toBeNull();
  expect(webAddress('data:text/html,x')).toBeNull();
  expect(webAddress(null)).toBeNull();
});

test('durations', () => {
  expect([0, 65, 3852, -3].map(duration)).toEqual(['0:00', '1:05', '1:04:12', '0:00']);
});

test.each([
  ['Shop.Example', 'shop.example'],
  ['https://shop.example:8443/a', 'shop.example'],
  ['*.shop.example', 'shop.example'],
  ['shop.example/checkout', 'shop.example'],
  ['*', '*'],
  ['a b', null],
  ['shop..example', null],
  ['', null],
])('the site %s is %s', (typed, site) => {
  expect(siteOf(typed)).toBe(site);
});

test('errors of a policy find their lines', () => {
  expect(policyErrors('sites.allowed[1]: not a host name such as shop.example; sites.blocked: at most 10,000 sites\nnonsense')).toEqual([
    { place: 'sites.allowed[1]', message: 'not a host name such as shop.example' },
    { place: 'sites.blocked', message: 'at most 10,000 sites' },
  ]);
});
