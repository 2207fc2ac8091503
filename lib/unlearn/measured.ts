// Written by `npm run readme` from the figures of the demo.
export const measured = {
  ssd: 'MNIST, class: forget 0.4 %, retain 98.2 %; random: forget 99.2 %, retain 98.9 %; backdoor: triggered 91.9 %, test 94.7 %',
  gradientAscent:
    'MNIST, class: forget 0.0 %, retain 10.7 %; random: forget 98.8 %, retain 98.5 %; backdoor: triggered 10.6 %, test 9.6 %',
  fineTune:
    'MNIST, class: forget 55.5 %, retain 98.2 %; random: forget 98.2 %, retain 98.5 %; backdoor: triggered 0.0 %, test 97.8 %',
  zeroRow: 'MNIST, class: forget 0.0 %, retain 98.2 %',
  retrain:
    'MNIST, class: forget 0.0 %, retain 98.0 %; random: forget 97.6 %, retain 98.9 %; backdoor: triggered 0.0 %, test 98.3 %',
} as const;
