/**
 * Writes faces.json: what face-api's own networks, on the processor backend of the TensorFlow.js inside, say of a made picture and where it
 * finds the faces of its photographs.
 *
 *   node faces.cjs
 *
 * The picture is a function of its place: pixel (row, column, channel) is floor(128 + 100 sin(row / 9 + channel) cos(column / 7)).
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { TextDecoder, TextEncoder } = require('node:util');
const vm = require('node:vm');

const { decode } = require('jpeg-js');

const folder = dirname(require.resolve('@vladmandic/face-api/package.json'));
// The bundle takes Node for one whose `util` it cannot load.
Object.defineProperty(process, 'versions', { value: {} });
globalThis.self = globalThis;
vm.runInThisContext(`${readFileSync(join(folder, 'dist/face-api.js'), 'utf8')};globalThis.faceapi=faceapi;`);
const { NetInput, nets, tf } = globalThis.faceapi;

const [HEIGHT, WIDTH] = [96, 128];

function picture() {
  const pixels = new Float32Array(HEIGHT * WIDTH * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [row, column, channel] = [Math.floor(i / (3 * WIDTH)), Math.floor(i / 3) % WIDTH, i % 3];
    pixels[i] = Math.floor(128 + 100 * Math.sin(row / 9 + channel) * Math.cos(column / 7));
  }
  return pixels;
}

function weightsOf(name) {
  const [{ paths, weights }] = JSON.parse(
    readFileSync(join(folder, 'model', `${name}-weights_manifest.json`), 'utf8'),
  );
  return tf.io.decodeWeights(new Uint8Array(readFileSync(join(folder, 'model', paths[0]))).buffer, weights);
}

async function main() {
  tf.env().setPlatform('plain', {
    now: () => performance.now(),
    encode: (text) => new TextEncoder().encode(text),
    decode: (bytes) => new TextDecoder().decode(bytes),
    isTypedArray: (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
    setTimeoutCustom: setTimeout,
  });
  await tf.setBackend('cpu');
  await tf.ready();
  nets.faceExpressionNet.loadFromWeightMap(weightsOf('face_expression_model'));
  nets.faceRecognitionNet.loadFromWeightMap(weightsOf('face_recognition_model'));
  nets.ageGenderNet.loadFromWeightMap(weightsOf('age_gender_model'));
  nets.tinyFaceDetector.loadFromWeightMap(weightsOf('tiny_face_detector_model'));
  const image = new NetInput([tf.tensor3d(picture(), [HEIGHT, WIDTH, 3])]);
  const numbers = async (tensor) => [...(await tensor.data())].map((value) => Number(value.toPrecision(7)));
  const { age, gender } = nets.ageGenderNet.forwardInput(image);
  const boxes = nets.tinyFaceDetector.forwardInput(image, 160);
  const golden = {
    expressions: await numbers(nets.faceExpressionNet.forwardInput(image)),
    descriptor: await numbers(nets.faceRecognitionNet.forwardInput(image)),
    age: await numbers(age),
    gender: await numbers(gender),
    boxes: await numbers(boxes),
  };
  // The boxes [left, top, width, height] and scores of the six photographs' faces, the surest first.
  golden.photographs = [];
  for (let which = 1; which <= 6; which++) {
    const file = readFileSync(join(folder, 'demo', `sample${which}.jpg`));
    const { data, width, height } = decode(file, { useTArray: true });
    const pixels = new Float32Array(width * height * 3);
    for (let i = 0; i < width * height; i++) pixels.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    const found = await nets.tinyFaceDetector.detect(new NetInput([tf.tensor3d(pixels, [height, width, 3])]));
    golden.photographs.push(
      found.map(({ box, score }) =>
        [box.x, box.y, box.width, box.height, score].map((value) => Number(value.toPrecision(7))),
      ),
    );
  }
  // A line per entry.
  const lines = Object.entries(golden).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  writeFileSync(join(__dirname, 'faces.json'), `{\n${lines.join(',\n')}\n}\n`);
  console.log(Object.entries(golden).map(([name, { length }]) => `${name} ${length}`));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
