<?php
// SPDX-License-Identifier: Apache-2.0
// What a plugin of a CMS needs: a form that uploads to the store, for the user who is signed in. See README.md.

/**
 * Returns the HTML of an upload form, or of a sentence that says why there is none.
 *
 * @param string $rule a rule with one content type
 * @param string $type that content type, such as image/jpeg
 * @param string $user the id of the CMS's own user. Never take it from the request.
 */
function postern_form(string $rule, string $type, string $user): string
{
    [$status, $answer] = postern_post('/v1/tickets', ['rule' => $rule, 'user' => $user, 'contentType' => $type]);
    if ($status !== 201) {
        error_log("Postern gave no ticket: $status " . ($answer['code'] ?? '') . ' ' . ($answer['detail'] ?? ''));
        return '<p role="alert">Uploads are not possible at the moment.</p>';
    }
    $text = fn (string $value): string => htmlspecialchars($value, ENT_QUOTES, 'UTF-8');
    $form = '<form method="post" enctype="multipart/form-data" action="' . $text($answer['url']) . '">';
    foreach ($answer['fields'] as $name => $value) {
        $form .= '<input type="hidden" name="' . $text((string) $name) . '" value="' . $text($value) . '">';
    }
    // The file comes last: the store ignores what follows it.
    return $form . '<label>File <input type="file" name="' . $text($answer['fileField']) . '" accept="' . $text($type) . '" required></label>'
        . ' <button>Upload</button></form>';
}

/** Whether a key that a visitor brings is one of the user's: `photos/` and the user, as Postern writes it in keys. */
function postern_owns(string $key, string $prefix, string $user): bool
{
    $safe = trim($user, '.') === '' ? '/./s' : '/[^A-Za-z0-9_.-]/';
    $encoded = preg_replace_callback($safe, fn (array $byte): string => sprintf('~%02X', ord($byte[0])), $user);
    return str_starts_with($key, "$prefix/$encoded/");
}

/**
 * Returns the status and the JSON of an answer. In WordPress, wp_remote_post() does this.
 *
 * @return array{int, array<string, mixed>}
 */
function postern_post(string $path, array $body): array
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => ['Authorization: Bearer ' . getenv('POSTERN_API_KEY'), 'Content-Type: application/json'],
        'content' => json_encode($body, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE),
        'timeout' => 10,
        'ignore_errors' => true,
        'follow_location' => 0,
    ]]);
    $answer = @file_get_contents(getenv('POSTERN') . $path, false, $context);
    if ($answer === false) {
        return [0, ['detail' => error_get_last()['message'] ?? 'no answer']];
    }
    return [(int) explode(' ', $http_response_header[0])[1], json_decode($answer, true) ?? []];
}
