// SPDX-License-Identifier: Apache-2.0
// The module "react", from the global variable that React's own script makes.
export const { createElement, useCallback, useEffect, useRef, useState } = window.React;
