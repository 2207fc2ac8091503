// Written by `npm run readme` from the figures of the demo.
export const measured = {
  ssd: 'MNIST, class: forget 0.0 %, retain 99.1 %; random: forget 99.2 %, retain 99.4 %; backdoor: triggered 98.4 %, test 99.0 %',
  gradientAscent:
    'MNIST, class: forget 0.0 %, retain 83.2 %; random: forget 99.0 %, retain 99.3 %; backdoor: triggered 0.0 %, test 99.0 %',
  fineTune:
    'MNIST, class: forget 38.6 %, retain 98.9 %; random: forget 99.2 %, retain 99.3 %; backdoor: triggered 0.4 %, test 98.8 %',
  zeroRow: 'MNIST, class: forget 0.0 %, retain 99.1 %',
  retrain:
    'MNIST, class: forget 0.0 %, retain 99.1 %; random: forget 99.4 %, retain 99.4 %; backdoor: triggered 0.0 %, test 99.0 %',
} as const;
