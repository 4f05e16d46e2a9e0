<?php
// SPDX-License-Identifier: Apache-2.0
// What a plugin of a CMS needs: a form that uploads to the store, for the user who is signed in. See README.md.

/**
 * Returns the HTML of an upload form, or of a sentence that says why there is none.
 *
 * @param string $rule a rule with one content type
 * @param string $user the id of the CMS's own user. Never take it from the request.
 */
function postern_form(string $rule, string $user): string
{
    [$status, $answer] = postern_post('/v1/tickets', ['rule' => $rule, 'user' => $user], 'text/html;profile=fragment');
    if ($status === 201) {
        return $answer;
    }
    error_log("Postern gave no form: $status $answer");
    return '<p role="alert">Uploads are not possible at the moment.</p>';
}

/** Whether a key that a visitor brings is one of the user's: `photos/` and the user, as Postern writes it in keys. */
function postern_owns(string $key, string $prefix, string $user): bool
{
    $safe = trim($user, '.') === '' ? '/./s' : '/[^A-Za-z0-9_.-]/';
    $encoded = preg_replace_callback($safe, fn (array $byte): string => sprintf('~%02X', ord($byte[0])), $user);
    return str_starts_with($key, "$prefix/$encoded/");
}

/**
 * Returns the status and the body of an answer; the status is 0 if there was none. In WordPress, wp_remote_post() does this.
 *
 * @return array{int, string}
 */
function postern_post(string $path, array $body, string $accept): array
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => ['Authorization: Bearer ' . getenv('POSTERN_API_KEY'), 'Content-Type: application/json', "Accept: $accept"],
        'content' => json_encode($body, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE),
        'timeout' => 10,
        'ignore_errors' => true,
        'follow_location' => 0,
    ]]);
    $answer = @file_get_contents(getenv('POSTERN') . $path, false, $context);
    if ($answer === false) {
        return [0, error_get_last()['message'] ?? 'no answer'];
    }
    return [(int) explode(' ', $http_response_header[0])[1], $answer];
}
