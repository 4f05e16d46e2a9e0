// SPDX-License-Identifier: Apache-2.0
export { AwsS3Of5 as default } from "./stand-in.js";
