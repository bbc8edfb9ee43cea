using System.Collections.ObjectModel;

namespace Parcae.Silo;

/// <summary>The bearer tokens of the HTTP API. As text: whose they are.</summary>
public sealed class ApiTokens : Collection<ApiToken>
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", this);
}
