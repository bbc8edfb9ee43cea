using Parcae.Silo.Api.Access;
using Parcae.Silo.Hosting;
using Parcae.Silo.Hosting.Validation;
using Xunit;

namespace Parcae.Silo.Tests.Api;

public sealed class TokenFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void A_file_has_a_token_a_line()
    {
        File.WriteAllText(_file, "# operators\nadmin ada secret-of-ada-0123\n\n  viewer   screen-1  secret-of-screen-1\n");
        Assert.Equal([("ada", ApiRole.Admin, "secret-of-ada-0123"), ("screen-1", ApiRole.Viewer, "secret-of-screen-1")], TokenFile.Read(_file).Select(t => (t.Name, t.Role, t.Secret)));
    }

    [Theory]
    [InlineData("admin ada", "line 1: it has 2 parts; it must be 'role name secret' with the role viewer, submitter or admin.")]
    [InlineData("viewer v secret-0123456789ab\nroot ada secret-0123456789ab", "line 2: its first part is no role; it must be 'role name secret' with the role viewer, submitter or admin.")]
    [InlineData("2 ada secret-0123456789ab", "line 1: its first part is no role; it must be 'role name secret' with the role viewer, submitter or admin.")]
    [InlineData("# nothing", "there is no token in it; a line must be 'role name secret' with the role viewer, submitter or admin.")]
    public void What_is_no_token_is_named_by_its_line_and_not_by_what_stands_in_it(string text, string said)
    {
        File.WriteAllText(_file, text);
        string message = Assert.Throws<UsageException>(() => TokenFile.Read(_file)).Message;
        Assert.EndsWith(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-0123", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        Assert.Contains("--api-token-file /nowhere/tokens: ", Assert.Throws<UsageException>(() => TokenFile.Read("/nowhere/tokens")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ada", "short", "that of 'ada' has 5")]
    [InlineData("ada", "with a space in it 0123", "that of 'ada' has others")]
    [InlineData("a b", "0123456789abcdef", "the name 'a b' must be a name of 1 to 64 letters, digits, dots, dashes, underscores or @")]
    public void A_token_that_could_be_guessed_is_refused_and_not_shown(string name, string secret, string said)
    {
        var options = new ParcaeApiOptions { Tokens = { new ApiToken { Name = name, Secret = secret } } };
        var (member, value, right) = Assert.Single(AnnotatedOptions.Problems(options));
        Assert.Equal((nameof(ParcaeApiOptions.Tokens), $"{name} (Viewer)"), (member, value));
        Assert.Equal($"must give each a name, and a secret of its own of at least 16 printable characters without spaces: {said}", right);
    }

    [Fact]
    public void Two_tokens_with_one_secret_are_refused()
    {
        var options = new ParcaeApiOptions { Tokens = { new ApiToken { Name = "ada", Role = ApiRole.Admin, Secret = "0123456789abcdef" }, new ApiToken { Name = "vera", Secret = "0123456789abcdef" } } };
        Assert.EndsWith(": those of 'ada' and 'vera' are the same", Assert.Single(AnnotatedOptions.Problems(options)).Right, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        var options = new ParcaeApiOptions();
        Assert.Equal((20, 32, 1 << 20, TimeSpan.FromHours(12), TimeSpan.FromMilliseconds(250)), (options.RequestsPerSecond, options.Streams, options.BodyBytes, options.SessionLength, options.LookEvery));
        Assert.Equal((0, (double?)null), (options.Tokens.Count, options.OnDemandPricePerHour));
        Assert.Empty(AnnotatedOptions.Problems(options));
    }
}
