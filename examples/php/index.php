<?php
// SPDX-License-Identifier: Apache-2.0
// A site with a page that has an upload form, and a page to which the store sends the visitor after the upload.
require __DIR__ . '/postern.php';

session_set_cookie_params(['httponly' => true, 'samesite' => 'Lax']); // Lax: the visitor comes back from the store
session_start();
if ($_SERVER['REQUEST_METHOD'] === 'POST' && is_string($_POST['user'] ?? null)) { // in place of the CMS's own login
    $_SESSION['user'] = $_POST['user'];
    header('Location: /', true, 303);
    exit;
}
$user = $_SESSION['user'] ?? null;
$text = fn (string $value): string => htmlspecialchars($value, ENT_QUOTES, 'UTF-8');
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PHP and Postern</title>
<link rel="icon" href="data:,">
<h1>PHP</h1>
<?php if ($user === null): ?>
<form method="post"><label>User <input name="user" value="anna@example.com" required></label> <button>Sign in</button></form>
<?php elseif (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/done'): ?>
<?php
    // The store has added bucket, key and etag to the address. A visitor can write them too: the key must be one of theirs.
    $key = is_string($_GET['key'] ?? null) ? $_GET['key'] : '';
    if (postern_owns($key, 'photos', $user)): ?>
<p id="message" role="status">Stored as <?= $text($key) ?></p>
<?php else: http_response_code(403); ?>
<p id="message" role="alert">This is not a file of yours.</p>
<?php endif ?>
<p><a href="/">Another file</a></p>
<?php else: ?>
<p>Signed in as <?= $text($user) ?>. JPEG pictures, up to 10 MiB:</p>
<?= postern_form('photos', $user) ?>

<?php endif ?>
</html>
