/** Makes every operation known by its name. An operation that is added in a file of its own is named here. */

import './arithmetic.js';
import './channel-affine.js';
import './convolution.js';
import './elementwise.js';
import './gather.js';
import './gemm.js';
import './matmul.js';
import './reductions.js';
import './shape.js';
import './softmax.js';
import './sum.js';
import './total.js';
