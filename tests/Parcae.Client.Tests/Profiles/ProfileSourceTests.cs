using Parcae.Cli.Commands;
using Parcae.Cli.Profiles;
using Parcae.Liveput.Profiles;

namespace Parcae.Client.Tests.Profiles;

public sealed class ProfileSourceTests : IDisposable
{
    private const string BuiltIn = "bert, gpt-1.5b, gpt-6.7b, resnet152, vgg19";

    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_built_in_profile_is_found_by_its_name_in_any_case()
    {
        Assert.Same(BuiltInProfiles.Get("gpt-1.5b"), ProfileSource.Load("GPT-1.5B"));
        Assert.Equal($"a built-in profile ({BuiltIn}) or a file", ProfileSource.Help);
    }

    [Fact]
    public void A_file_is_read()
    {
        string path = Path.Combine(_folder, "mine.json");
        ProfileFile.Save(path, new ProfileDocument { Model = "mine", GlobalBatch = 8, Layers = [new(1000, 1.5)], Measured = [new(2, 1, 42.5)] });
        Assert.Equal(("mine", 42.5), (ProfileSource.Load(path).Model, ProfileSource.Load(path).Throughput(2, 1)));
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("no\0file")]
    [InlineData("no/such/file.json")]
    public void What_is_neither_is_refused_with_the_names_that_there_are(string typed)
    {
        var e = Assert.Throws<UsageException>(() => ProfileSource.Load(typed));
        Assert.Equal($"--profile: '{typed}' is neither a built-in profile nor a file; built in are {BuiltIn}.", e.Message);
    }

    [Fact]
    public void A_file_that_is_no_profile_is_refused_by_option_file_and_line()
    {
        string path = Path.Combine(_folder, "wrong.json");
        File.WriteAllText(path, "{\n  \"model\": 3\n}");
        Assert.Equal(
            $"--model: {path}:2: model is 3; it must be a text of 1 to 1000 characters, none of them a control character.",
            Assert.Throws<UsageException>(() => ProfileSource.Load(path, "--model")).Message);
    }

    [Fact]
    public void A_folder_is_refused() => Assert.Equal(
        $"--profile: '{_folder}' cannot be read: {_folder} is a folder; a profile must be a file.",
        Assert.Throws<UsageException>(() => ProfileSource.Load(_folder)).Message);
}
