using Parcae.Silo.Hosting;

namespace Parcae.Silo.Api.Access;

/// <summary>Reads a file of tokens: one a line, <c>role name secret</c>; empty lines and those that begin with <c>#</c> count for nothing.</summary>
internal static class TokenFile
{
    private const string Form = "it must be 'role name secret' with the role viewer, submitter or admin";

    /// <summary>The tokens of a file.</summary>
    /// <exception cref="UsageException">It cannot be read, or a line is no token; the message names the line, never what stands in it.</exception>
    public static IReadOnlyList<ApiToken> Read(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--api-token-file {file}: {e.Message}");
        }

        ApiToken[] tokens = [.. lines.Select((line, i) => (Text: line.Trim(), Number: i + 1)).Where(l => l.Text is not ("" or ['#', ..])).Select(l => Parse(file, l.Text, l.Number))];
        return tokens.Length > 0 ? tokens : throw new UsageException($"--api-token-file {file}: there is no token in it; {Form.Replace("it must", "a line must", StringComparison.Ordinal)}.");
    }

    private static ApiToken Parse(string file, string line, int number)
    {
        string[] parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3) throw new UsageException($"--api-token-file {file}, line {number}: it has {parts.Length} parts; {Form}.");
        // A number would do for the framework's own parser.
        ApiRole? role = parts[0] switch { "viewer" => ApiRole.Viewer, "submitter" => ApiRole.Submitter, "admin" => ApiRole.Admin, _ => null };
        return role is { } known
            ? new ApiToken { Role = known, Name = parts[1], Secret = parts[2] }
            : throw new UsageException($"--api-token-file {file}, line {number}: its first part is no role; {Form}.");
    }
}
