using System.ComponentModel.DataAnnotations;

namespace Parcae.Silo;

/// <summary>A bearer token of the HTTP API. Never logged; text of it says whose it is and hides the secret.</summary>
public sealed class ApiToken
{
    /// <summary>Fewest characters of a secret.</summary>
    public const int ShortestSecret = 16;

    /// <summary>Whose it is; also the submitter of the jobs that it submits, for quotas. Several tokens may have one name.</summary>
    [RegularExpression("[A-Za-z0-9._@-]{1,64}", ErrorMessage = "must be a name of 1 to 64 letters, digits, dots, dashes, underscores or @")]
    [Required(ErrorMessage = "must be a name")]
    public string Name { get; set; } = "";

    /// <summary>What it allows. The default value is <see cref="ApiRole.Viewer"/>.</summary>
    public ApiRole Role { get; set; }

    /// <summary>What the caller sends, at least <see cref="ShortestSecret"/> printable characters without spaces: <c>openssl rand -hex 32</c>.</summary>
    public string Secret { get; set; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Role})";
}
