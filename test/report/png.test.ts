import { inflateSync } from 'node:zlib';

import { encodeGreyPng, greyPngUrl } from '../../lib/report/png';

describe('encodeGreyPng', () => {
  it('writes an image that decodes to the same pixels', () => {
    const png = encodeGreyPng([0, 128, 255, 1, 2, 3], 3, 2);
    expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    expect(png.readUInt32BE(16)).toBe(3);
    expect(png.readUInt32BE(20)).toBe(2);
    expect([...png.subarray(24, 29)]).toEqual([8, 0, 0, 0, 0]);
    const length = png.readUInt32BE(33);
    expect(png.subarray(37, 41).toString('latin1')).toBe('IDAT');
    // Each row is led by its filter, 0.
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 0, 128, 255, 0, 1, 2, 3]);
  });

  it('ends with the checksum that every PNG ends with', () => {
    expect(encodeGreyPng([7], 1, 1).subarray(-8).toString('hex')).toBe('49454e44ae426082');
  });

  it('clamps what is no byte', () => {
    const png = encodeGreyPng([-5, 300, 0.6, Number.NaN], 4, 1);
    expect([...inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)))]).toEqual([0, 0, 255, 1, 0]);
  });

  it('refuses a wrong number of pixels', () => {
    expect(() => encodeGreyPng([1, 2, 3], 2, 2)).toThrow('2 x 2 pixels expected, got 3');
    expect(() => encodeGreyPng([], 0, 5)).toThrow('0 x 5 pixels expected');
  });
});

describe('greyPngUrl', () => {
  it('stands in an attribute', () => {
    expect(greyPngUrl([0], 1, 1)).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/=]+$/);
  });
});
