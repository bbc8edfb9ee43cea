using Parcae.GpuWorker.Checkpoints;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints.Bucket;

public sealed class BucketAddressTests
{
    [Theory]
    [InlineData("s3://bucket", "bucket", "", "s3://bucket")]
    [InlineData("s3://bucket/", "bucket", "", "s3://bucket")]
    [InlineData("s3://my.bucket-1/a/b_c/", "my.bucket-1", "a/b_c/", "s3://my.bucket-1/a/b_c")]
    public void An_address_names_a_bucket_and_a_prefix(string text, string bucket, string prefix, string said)
    {
        var address = BucketAddress.Parse(text)!;
        Assert.Equal((bucket, prefix, said), (address.Bucket, address.Prefix, address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("bucket/prefix")]
    [InlineData("https://bucket.s3.amazonaws.com/prefix")]
    [InlineData("s3://")]
    [InlineData("s3://ab")]
    [InlineData("s3://Bucket")]
    [InlineData("s3://-bucket")]
    [InlineData("s3://key:secret@bucket/prefix")]
    [InlineData("s3://bucket//prefix")]
    [InlineData("s3://bucket/a//b")]
    [InlineData("s3://bucket/a b")]
    [InlineData("s3://bucket/a?b=c")]
    [InlineData("s3://bucket/a\n")]
    public void What_is_no_address_is_refused(string text) => Assert.Null(BucketAddress.Parse(text));
}
